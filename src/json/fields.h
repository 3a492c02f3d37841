#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "sluice/error.h"
#include "sluice/result.h"

namespace sluice::json {

/// The mistakes found in one request, to be told all together.
class Mistakes {
 public:
  void add(std::string field, std::string message);
  void add(const std::vector<FieldError>& mistakes);
  [[nodiscard]] bool empty() const { return mistakes_.empty(); }
  /// kInvalidRequest with every mistake in `fields` and in the message.
  [[nodiscard]] Error to_error() const;

 private:
  std::vector<FieldError> mistakes_;
};

/// The least and the greatest value of a whole number.
struct Bounds {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
};
/// What a time in a request may be; longer ones are taken for a slip in the unit.
inline constexpr Bounds kTimeBounds{1, 604'800'000};

/// A field by another name, and what to write instead.
struct Hint {
  std::string_view wrong;
  std::string_view right;
};

/// Typed access to the members of one object of a request. A wrong type or value becomes a mistake
/// under the field's full name, and the field counts as not given. So does null, which many clients
/// send for options that are not set.
class Fields {
 public:
  /// `name`: of the object in the request; empty for the body itself.
  Fields(const Value& object, std::string name, Mistakes& mistakes);

  [[nodiscard]] const Value* any(std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name, Bounds bounds);
  [[nodiscard]] std::optional<std::chrono::milliseconds> time(std::string_view name);
  [[nodiscard]] const Value* array(std::string_view name);
  [[nodiscard]] const Value* object(std::string_view name);
  /// The index of the word that is given.
  [[nodiscard]] std::optional<std::size_t> word(std::string_view name,
                                                std::span<const std::string_view> words);

  /// A member's full name, for mistakes.
  [[nodiscard]] std::string name_of(std::string_view name) const;
  void mistake(std::string_view name, std::string message);
  /// Every field that is not among the known ones is a mistake, with the nearest known name.
  void refuse_unknown(std::span<const std::string_view> known, std::span<const Hint> hints = {});
  [[nodiscard]] Mistakes& mistakes() { return *mistakes_; }

 private:
  [[nodiscard]] const Value* of_kind(std::string_view name, Value::Kind kind,
                                     std::string_view expected);

  const Value* object_;
  std::string name_;
  Mistakes* mistakes_;
};

/// Parses a body that must be an object.
[[nodiscard]] Result<Document> parse_body(std::string_view body);

/// Reads a whole number exactly as JSON writes one: "12", not "12.0" or "1e3".
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view digits);

}  // namespace sluice::json
