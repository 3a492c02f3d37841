#include "json/writer.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

namespace sluice::json {

Writer& Writer::open(char bracket) {
  separate();
  out_.put(bracket);
  comma_ = false;
  return *this;
}

Writer& Writer::close(char bracket) {
  out_.put(bracket);
  comma_ = true;
  return *this;
}

void Writer::separate() {
  if (comma_) out_.put(',');
  comma_ = true;
}

void Writer::name(std::string_view key) {
  separate();
  out_.put_string(key);
  out_.put(':');
  comma_ = false;
}

Writer& Writer::raw_element(std::string_view json) {
  separate();
  out_.put(json);
  return *this;
}

Writer& Writer::raw_field(std::string_view key, std::string_view json) {
  name(key);
  return raw_element(json);
}

Writer& Writer::element(std::string_view text) {
  separate();
  out_.put_string(text);
  return *this;
}

Writer& Writer::element(bool value) { return raw_element(value ? "true" : "false"); }

Writer& Writer::element(double value) {
  if (!std::isfinite(value)) return element(nullptr);
  constexpr double kPrecision = 1000;
  constexpr double kPlain =
      1e18;  // above it with an exponent: 1000000 is easier to read than 1e+06
  const double rounded = std::round(value * kPrecision) / kPrecision + 0.0;  // no "-0"
  const auto format =
      std::abs(rounded) < kPlain ? std::chars_format::fixed : std::chars_format::general;
  std::array<char, 32> digits{};
  char* const begin = digits.data();
  const auto end = std::to_chars(begin, begin + digits.size(), rounded, format).ptr;
  return raw_element({begin, static_cast<std::size_t>(end - begin)});
}

Writer& Writer::element(std::chrono::microseconds time) {
  return element(std::chrono::duration<double, std::milli>(time).count());
}

Writer& Writer::element(std::chrono::system_clock::time_point time) {
  return element(rfc3339(time));
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
  using std::chrono::floor;
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const auto whole = floor<seconds>(time);
  const std::time_t since_epoch = std::chrono::system_clock::to_time_t(whole);
  std::tm utc{};
  gmtime_r(&since_epoch, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     floor<milliseconds>(time - whole).count());
}

}  // namespace sluice::json
