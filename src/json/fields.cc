#include "json/fields.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/settings.h"
#include "json/field_name.h"

namespace sluice::json {

void Mistakes::add(std::string field, std::string message) {
  mistakes_.push_back({std::move(field), std::move(message)});
}

void Mistakes::add(const std::vector<FieldError>& mistakes) {
  mistakes_.insert(mistakes_.end(), mistakes.begin(), mistakes.end());
}

Error Mistakes::to_error() const {
  constexpr std::size_t kMost = 20;  // a body full of nonsense must not come back in full
  std::vector<FieldError> shown(
      mistakes_.begin(),
      mistakes_.begin() + static_cast<std::ptrdiff_t>(std::min(mistakes_.size(), kMost)));
  std::string message;
  if (mistakes_.size() > 1) message = std::to_string(mistakes_.size()) + " mistakes: ";
  for (const FieldError& mistake : shown) {
    if (&mistake != &shown.front()) message += "; ";
    if (!mistake.field.empty()) message += mistake.field + ": ";
    message += mistake.message;
  }
  if (shown.size() < mistakes_.size()) message += "; and more";
  return invalid_request(std::move(message), std::move(shown));
}

Result<Document> parse_body(std::string_view body) {
  Result<Document> document = Document::parse(body);
  if (document && document->root().kind() != Value::Kind::kObject) {
    const std::string message = "the body must be a JSON object: {…}";
    return fail(invalid_request(message, {{"", message}}));
  }
  return document;
}

std::optional<std::int64_t> whole_number(std::string_view digits) {
  std::int64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

Fields::Fields(const Value& object, std::string name, Mistakes& mistakes)
    : object_(&object), name_(std::move(name)), mistakes_(&mistakes) {}

const Value* Fields::any(std::string_view name) const {
  const Value* value = object_->find(name);
  return value && !value->is_null() ? value : nullptr;
}

const Value* Fields::of_kind(std::string_view name, Value::Kind kind, std::string_view expected) {
  const Value* value = any(name);
  if (!value || value->kind() == kind) return value;
  mistake(name, "must be " + std::string(expected));
  return nullptr;
}

std::optional<std::string_view> Fields::text(std::string_view name) {
  const Value* value = of_kind(name, Value::Kind::kString, "a string");
  return value ? std::optional(value->text()) : std::nullopt;
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const Value* value = of_kind(name, Value::Kind::kBool, "true or false");
  return value ? std::optional(value->text() == "true") : std::nullopt;
}

std::optional<std::int64_t> Fields::whole(std::string_view name, Bounds bounds) {
  const Value* value = of_kind(name, Value::Kind::kNumber, "a whole number");
  if (!value) return std::nullopt;
  const auto number = whole_number(value->text());
  if (number && *number >= bounds.least && *number <= bounds.greatest) return number;
  std::string message = "must be a whole number, at least " + std::to_string(bounds.least);
  if (bounds.greatest != Bounds{}.greatest) {
    message += " and at most " + std::to_string(bounds.greatest);
  }
  mistake(name, std::move(message));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Fields::time(std::string_view name) {
  const Value* value = of_kind(name, Value::Kind::kNumber, "a whole number of milliseconds");
  if (!value) return std::nullopt;
  const auto count = whole_number(value->text());
  if (!count || *count < kTimeBounds.least) {
    mistake(name, "must be a whole number of milliseconds, at least 1");
  } else if (*count > kTimeBounds.greatest) {
    mistake(name, "is longer than a week; it is in milliseconds");  // the limit is a setting's
  } else {
    return std::chrono::milliseconds(*count);
  }
  return std::nullopt;
}

const Value* Fields::array(std::string_view name) {
  return of_kind(name, Value::Kind::kArray, "a list: […]");
}

const Value* Fields::object(std::string_view name) {
  return of_kind(name, Value::Kind::kObject, "an object: {…}");
}

std::optional<std::size_t> Fields::word(std::string_view name,
                                        std::span<const std::string_view> words) {
  const Value* value = any(name);
  if (!value) return std::nullopt;
  if (value->kind() == Value::Kind::kString) {
    const auto found = std::find(words.begin(), words.end(), value->text());
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  }
  std::string message = "must be ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) message += i + 1 == words.size() ? " or " : ", ";
    message += "\"" + std::string(words[i]) + "\"";
  }
  mistake(name, std::move(message));
  return std::nullopt;
}

std::string Fields::name_of(std::string_view name) const { return join_names(name_, name); }

void Fields::mistake(std::string_view name, std::string message) {
  mistakes_->add(name_of(name), std::move(message));
}

void Fields::refuse_unknown(std::span<const std::string_view> known, std::span<const Hint> hints) {
  for (const Value& member : *object_) {
    const std::string_view name = member.key();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto hint = std::find_if(hints.begin(), hints.end(),
                                   [&](const Hint& each) { return each.wrong == name; });
    std::optional<std::string_view> meant;
    if (hint != hints.end()) meant = hint->right;
    if (!meant) meant = base::nearest(name, known);
    mistake(name, meant ? "unknown field; did you mean \"" + std::string(*meant) + "\"?"
                        : "unknown field");
  }
}

}  // namespace sluice::json
