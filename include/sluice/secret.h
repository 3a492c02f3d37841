#pragma once

#include <string>
#include <utility>

namespace sluice {

/// A string that must not be shown: it has no stream operator and no conversion, so that it can
/// reach a log, an error or a page only through `reveal`, which is easy to search for.
class Secret {
 public:
  /// An empty one.
  Secret() = default;
  /// Keeps `value`. Memory is not wiped at the end.
  explicit Secret(std::string value) : value_(std::move(value)) {}

  /// The secret itself. Pass it on to whom it is for; never format it.
  [[nodiscard]] const std::string& reveal() const { return value_; }
  /// Whether there is none.
  [[nodiscard]] bool empty() const { return value_.empty(); }

  /// Not in constant time: for noticing changes, not for checking what somebody presents.
  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string value_;
};

}  // namespace sluice
