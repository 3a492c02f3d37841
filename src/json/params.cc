#include "json/params.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sluice::json {
namespace {

Param plain_param(const Value& value) {
  Param param;
  if (!value.is_null()) param.text = value.text();
  switch (value.kind()) {
    case Value::Kind::kNull:
      break;
    case Value::Kind::kBool:
      param.kind = Param::Kind::kBool;
      break;
    case Value::Kind::kNumber:
      param.kind = Param::Kind::kNumber;
      break;
    case Value::Kind::kString:
      param.kind = Param::Kind::kString;
      break;
    case Value::Kind::kArray:
      param.kind = Param::Kind::kArray;
      param.elements.reserve(value.size());
      for (const Value& element : value) param.elements.push_back(plain_param(element));
      break;
    case Value::Kind::kObject:
      param.kind = Param::Kind::kObject;
      break;
  }
  return param;
}

/// "int8", "numeric(10,2)", "int4[]", "app.\"My-Mood\"", "double precision": letters, and what else
/// stands in the name of a type; between quotes anything.
bool is_type_name(const Value& type) {
  constexpr std::size_t kLongest = 128;
  const std::string_view text = type.text();
  if (type.kind() != Value::Kind::kString || text.empty() || text.size() > kLongest) return false;
  bool quoted = false;
  return std::all_of(text.begin(), text.end(), [&quoted](char c) {
    if (c == '"') quoted = !quoted;
    if (quoted) return static_cast<unsigned char>(c) >= 0x20;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
    return letter || (c >= '0' && c <= '9') ||
           std::string_view("_$ .,\"()[]").find(c) != std::string_view::npos;
  });
}

bool forces_type(const Value& value) {
  return value.size() == 2 && value.find("type") != nullptr && value.find("value") != nullptr;
}

}  // namespace

std::vector<Param> decode_params(const Value& list, const std::string& name, Mistakes& mistakes) {
  constexpr std::size_t kMost = 65'535;  // the protocol counts them in 16 bits
  std::vector<Param> params;
  if (list.size() > kMost) {
    mistakes.add(name, "has more than 65535 elements, the most PostgreSQL can take");
    return params;
  }
  params.reserve(list.size());
  for (const Value& value : list) {
    if (!forces_type(value)) {
      params.push_back(plain_param(value));
      continue;
    }
    const Value& type = *value.find("type");
    params.push_back(plain_param(*value.find("value")));
    params.back().type = type.text();
    if (is_type_name(type)) continue;
    mistakes.add(name + "[" + std::to_string(params.size() - 1) + "].type",
                 "must be the name of a PostgreSQL type, for instance \"int8\"; to pass an object "
                 "with the members type and value, write {\"type\": \"jsonb\", \"value\": {…}}");
  }
  return params;
}

}  // namespace sluice::json
