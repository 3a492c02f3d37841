#include "app/log_line.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>
#include <iterator>

#include "base/utf8.h"

namespace sluice::app {
namespace {

using Output = std::back_insert_iterator<std::string>;

struct UtcTime {
  std::tm parts{};
  int microseconds = 0;
};

UtcTime utc(std::chrono::system_clock::time_point time) {
  using std::chrono::floor;
  const auto second = floor<std::chrono::seconds>(time);
  const std::time_t since_epoch = second.time_since_epoch().count();
  UtcTime result;
  gmtime_r(&since_epoch, &result.parts);
  result.microseconds = static_cast<int>(floor<std::chrono::microseconds>(time - second).count());
  return result;
}

/// How long the well-formed UTF-8 character at the start of the text is; 0: it is none.
std::size_t character_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (base::is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

void append_escaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(Output(out), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

bool needs_escape(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f || c == '"' || c == '\\';
}

/// U+0080 to U+009F, which some terminals obey too.
bool is_c1_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xc2' &&
         static_cast<unsigned char>(character[1]) < 0xa0;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const bool is_ascii = static_cast<unsigned char>(text[0]) < 0x80;
    const std::size_t length = is_ascii ? 1 : character_length(text);
    if (is_ascii && needs_escape(text[0])) {
      append_escaped(out, text[0]);
    } else if (length == 0) {
      out += "\xef\xbf\xbd";  // U+FFFD
    } else if (is_c1_control(text.substr(0, length))) {
      fmt::format_to(Output(out), "\\u{:04x}", static_cast<unsigned char>(text[1]));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_number(std::string& out, double number) {
  if (std::isfinite(number)) {
    fmt::format_to(Output(out), "{}", number);
  } else {
    append_quoted(out, std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
  }
}

void append_value(std::string& out, const LogValue& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return append_quoted(out, *text);
  if (const auto* number = std::get_if<double>(&value)) return append_number(out, *number);
  if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "true" : "false";
    return;
  }
  fmt::format_to(Output(out), "{}", std::get<std::int64_t>(value));
}

bool is_plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

/// For people: quotes only where they are needed to see where a value ends.
void append_readable(std::string& out, const LogValue& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text != nullptr && is_plain(*text)) {
    out += *text;
  } else {
    append_value(out, value);
  }
}

/// The message itself is ours, but may name things that are not.
void append_message(std::string& out, std::string_view message) {
  std::string quoted;
  append_quoted(quoted, message);
  out += std::string_view(quoted).substr(1, quoted.size() - 2);
}

std::string_view colour(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "\x1b[90m";
    case LogLevel::kInfo:
      return "\x1b[32m";
    case LogLevel::kWarn:
      return "\x1b[33m";
    case LogLevel::kError:
      return "\x1b[31m";
  }
  return "";
}

constexpr std::array<std::string_view, 4> kShownLevels{"DEBUG", "INFO ", "WARN ", "ERROR"};

}  // namespace

std::string_view to_string(LogLevel level) {
  constexpr std::array<std::string_view, 4> kWords{"debug", "info", "warn", "error"};
  return kWords[static_cast<std::size_t>(level)];
}

std::string json_line(const LogRecord& record) {
  const UtcTime time = utc(record.time);
  std::string out;
  out.reserve(256);
  fmt::format_to(Output(out), "{{\"time\":\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z\"",
                 time.parts.tm_year + 1900, time.parts.tm_mon + 1, time.parts.tm_mday,
                 time.parts.tm_hour, time.parts.tm_min, time.parts.tm_sec, time.microseconds);
  fmt::format_to(Output(out), ",\"level\":\"{}\",\"msg\":", to_string(record.level));
  append_quoted(out, record.message);
  for (std::size_t i = 0; i < record.field_count; ++i) {
    out += ',';
    append_quoted(out, record.fields[i].key);
    out += ':';
    append_value(out, record.fields[i].value);
  }
  out += '}';
  return out;
}

std::string text_line(const LogRecord& record, bool coloured) {
  const UtcTime time = utc(record.time);
  const std::string_view level = kShownLevels[static_cast<std::size_t>(record.level)];
  std::string out;
  fmt::format_to(Output(out), "{:02}:{:02}:{:02}.{:03} {}{}{} ", time.parts.tm_hour,
                 time.parts.tm_min, time.parts.tm_sec, time.microseconds / 1000,
                 coloured ? colour(record.level) : "", level, coloured ? "\x1b[0m" : "");
  append_message(out, record.message);
  for (std::size_t i = 0; i < record.field_count; ++i) {
    out += coloured ? " \x1b[90m" : " ";
    out += record.fields[i].key;
    out += coloured ? "=\x1b[0m" : "=";
    append_readable(out, record.fields[i].value);
  }
  return out;
}

}  // namespace sluice::app
