#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/text_buffer.h"

namespace sluice::json {

/// Writes JSON objects and arrays member by member; keeps the commas. For everything but rows.
/// Strings may hold any bytes, see `TextBuffer::put_string`.
class Writer {
 public:
  Writer& begin_object() { return open('{'); }
  Writer& begin_object(std::string_view key) { return name(key), open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& begin_array(std::string_view key) { return name(key), open('['); }
  Writer& end_array() { return close(']'); }

  template <typename T>
  Writer& field(std::string_view key, const T& value) {
    name(key);
    return element(value);
  }
  /// A value that is JSON already.
  Writer& raw_field(std::string_view key, std::string_view json);
  Writer& raw_element(std::string_view json);

  Writer& element(std::string_view text);
  Writer& element(const std::string& text) { return element(std::string_view(text)); }
  Writer& element(const char* text) { return element(std::string_view(text)); }
  Writer& element(bool value);
  Writer& element(double value);  ///< at most three decimals; null unless finite
  template <std::integral T>
  Writer& element(T value) {
    return raw_element(std::to_string(value));
  }
  /// In milliseconds, with a fraction.
  Writer& element(std::chrono::microseconds time);
  Writer& element(std::chrono::milliseconds time) { return element(time.count()); }
  /// RFC 3339 in UTC, with milliseconds.
  Writer& element(std::chrono::system_clock::time_point time);
  Writer& element(std::nullptr_t) { return raw_element("null"); }
  template <typename T>
  Writer& element(const std::optional<T>& value) {
    return value ? element(*value) : element(nullptr);
  }

  [[nodiscard]] std::string take() { return std::string(out_.view()); }

 private:
  Writer& open(char bracket);
  Writer& close(char bracket);
  void name(std::string_view key);
  void separate();

  TextBuffer out_;
  bool comma_ = false;  ///< something stands before in the same object or array
};

/// 2026-01-28T12:34:56.123Z
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point time);

}  // namespace sluice::json
