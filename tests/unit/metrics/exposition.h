#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::metrics {

/// One line of the text format.
struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct ParsedFamily {
  std::string help;
  std::string type;
  std::vector<Sample> samples;
};

/// A strict reader of the Prometheus text format, for tests: every family has HELP, then TYPE, then
/// its samples, once; names and labels are well-formed; no series appears twice; histograms are
/// cumulative and end with +Inf, which equals their count. `mistakes` tells what is not so.
struct Exposition {
  std::map<std::string, ParsedFamily> families;
  std::vector<std::string> mistakes;

  static Exposition parse(std::string_view text);
  /// The value of the series with these labels among others; NaN when there is not exactly one.
  [[nodiscard]] double value(const std::string& name,
                             const std::map<std::string, std::string>& labels = {}) const;
  [[nodiscard]] std::size_t count(const std::string& family) const;
};

}  // namespace sluice::metrics
