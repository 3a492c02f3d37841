#include "app/terminal/figures.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/setting_text.h"

namespace sluice::app::terminal {
namespace {

using Seconds = std::chrono::duration<double>;

/// At most one digit behind the point, and none from 10 on.
std::string two_figures(double number) {
  return number < 9.95 ? fmt::format("{:.1f}", number) : fmt::format("{:.0f}", number);
}

std::string without_point_zero(std::string text) {
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

struct Unit {
  std::string_view name;
  long seconds;
};
constexpr std::array<Unit, 4> kLongUnits{{{"d", 86400}, {"h", 3600}, {"m", 60}, {"s", 1}}};

std::string two_units(long seconds) {
  for (std::size_t i = 0; i + 1 < kLongUnits.size(); ++i) {
    const Unit& big = kLongUnits[i];
    if (seconds < big.seconds) continue;
    const Unit& small = kLongUnits[i + 1];
    const long rest = seconds % big.seconds / small.seconds;
    std::string text = fmt::format("{}{}", seconds / big.seconds, big.name);
    return rest == 0 ? text : text + fmt::format("{}{}", rest, small.name);
  }
  return fmt::format("{}s", seconds);
}

std::optional<double> milliseconds_in(std::string_view unit) {
  if (unit == "ms") return 1;
  for (const Unit& each : kLongUnits) {
    if (unit == each.name) return 1000.0 * static_cast<double>(each.seconds);
  }
  return std::nullopt;
}

/// Takes one "1.5h" from the front of the text.
std::optional<double> take_part(std::string_view& text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || number < 0 || !std::isfinite(number)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto length = text.find_first_of("0123456789.");
  const auto unit = milliseconds_in(text.substr(0, length));
  if (!unit) return std::nullopt;
  text.remove_prefix(length == std::string_view::npos ? text.size() : length);
  return number * *unit;
}

}  // namespace

std::string duration(Seconds time) {
  const double seconds = time.count();
  if (seconds <= 0) return "0ms";
  if (seconds < 0.00095) return without_point_zero(two_figures(seconds * 1e6)) + "us";
  if (seconds < 0.9995) return without_point_zero(two_figures(seconds * 1e3)) + "ms";
  if (seconds < 59.5) return without_point_zero(two_figures(seconds)) + "s";
  return two_units(std::lround(seconds));
}

std::string count(double number) {
  constexpr std::array<std::string_view, 5> kSuffixes{"", "k", "M", "G", "T"};
  std::size_t step = 0;
  while (number >= 999.5 && step + 1 < kSuffixes.size()) {
    number /= 1000;
    ++step;
  }
  if (step == 0 && number == std::floor(number)) return fmt::format("{:.0f}", number);
  return without_point_zero(two_figures(number)).append(kSuffixes[step]);
}

client::Outcome<std::chrono::milliseconds> read_duration(std::string_view text) {
  constexpr double kLongest = 1e12;
  double sum = 0;
  std::string_view rest = text;
  do {
    const auto part = take_part(rest);
    if (!part || sum + *part > kLongest) {
      return client::failed(client::ExitStatus::kFailure,
                            fmt::format("{} is no duration; write 250ms, 10s, 1m30s, 2h or 3d",
                                        base::in_quotes(text)));
    }
    sum += *part;
  } while (!rest.empty());
  return std::chrono::milliseconds(std::llround(sum));
}

}  // namespace sluice::app::terminal
