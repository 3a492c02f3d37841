#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::app {

enum class LogLevel { kDebug, kInfo, kWarn, kError };
[[nodiscard]] std::string_view to_string(LogLevel level);

using LogValue = std::variant<std::string_view, std::int64_t, double, bool>;

/// One key and value of a log line. Views: valid for the call it is made for.
struct LogField {
  template <typename Value>
  LogField(std::string_view name, const Value& given) : key(name), value(to_value(given)) {}

  std::string_view key;
  LogValue value;

 private:
  template <typename Value>
  static LogValue to_value(const Value& given) {
    if constexpr (std::is_same_v<Value, bool>) {
      return given;
    } else if constexpr (std::is_integral_v<Value>) {
      return static_cast<std::int64_t>(given);
    } else if constexpr (std::is_floating_point_v<Value>) {
      return static_cast<double>(given);
    } else {
      return std::string_view(given);
    }
  }
};

struct LogRecord {
  std::chrono::system_clock::time_point time;
  LogLevel level;
  std::string_view message;
  const LogField* fields;
  std::size_t field_count;
};

/// `{"time":"2026-01-28T12:34:56.123456Z","level":"info","msg":"…","key":…}`, without a line's end.
/// Always valid JSON in valid UTF-8, whatever the values hold.
[[nodiscard]] std::string json_line(const LogRecord& record);

/// `12:34:56.123 INFO  message key=value`, for people. Control characters are escaped, so that no
/// value can forge a line or drive the terminal.
[[nodiscard]] std::string text_line(const LogRecord& record, bool coloured);

}  // namespace sluice::app
