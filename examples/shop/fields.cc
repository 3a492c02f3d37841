#include "fields.h"

namespace shop {

using nlohmann::json;

Fields::Fields(const std::string& body, Presence presence)
    : body_(json::parse(body, nullptr, /*allow_exceptions=*/false)), presence_(presence) {
  if (!body_.is_object()) throw Problem{400, "the body must be a JSON object"};
}

const json* Fields::find(const char* name) {
  known_[name] = true;
  const auto field = body_.find(name);
  if (field != body_.end()) return &*field;
  if (presence_ == Presence::kRequired) mistakes_[name] = "is missing";
  return nullptr;
}

sluice::Param Fields::text(const char* name) {
  const json* field = find(name);
  if (!field) return nullptr;
  if (field->is_string() && !field->get<std::string>().empty()) return field->get<std::string>();
  mistakes_[name] = "must be a string that is not empty";
  return nullptr;
}

sluice::Param Fields::email(const char* name) {
  sluice::Param address = text(name);
  const auto at = address.text.find('@');
  const bool good = at != std::string::npos && at > 0 && at + 1 < address.text.size();
  if (!address.text.empty() && !good) mistakes_[name] = "must be an e-mail address";
  return address;
}

sluice::Param Fields::integer(const char* name, std::int64_t least) {
  const json* field = find(name);
  if (!field) return nullptr;
  constexpr std::int64_t kMost = 2'147'483'647;  // of PostgreSQL's integer
  if (field->is_number_integer()) {
    const auto value = field->get<std::int64_t>();
    if (value >= least && value <= kMost) return value;
  }
  mistakes_[name] =
      "must be an integer from " + std::to_string(least) + " to " + std::to_string(kMost);
  return nullptr;
}

void Fields::check() {
  for (const auto& [name, value] : body_.items()) {
    if (!known_.contains(name)) mistakes_[name] = "is unknown";
  }
  if (!mistakes_.empty()) throw Problem{422, "some fields are wrong", mistakes_};
}

}  // namespace shop
