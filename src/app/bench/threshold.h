#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/bench/load.h"
#include "app/client/failure.h"

namespace sluice::app::bench {

/// What the result must be: "p99<20ms", "mean<=5ms", "errors<1%", "success>99.9%", "rate>1000".
struct Threshold {
  std::string text;
  std::string measure;     ///< "p99", "mean", "max", "errors", "success" or "rate"
  std::string comparison;  ///< "<", "<=", ">" or ">="
  double bound = 0;        ///< milliseconds, percent, or requests in a second
};

[[nodiscard]] client::Outcome<Threshold> parse_threshold(std::string_view text);

struct Verdict {
  double value = 0;  ///< in the unit of the bound
  bool met = false;
};
/// `latencies`: the corrected ones.
[[nodiscard]] Verdict judge(const Threshold& threshold, const Measured& measured,
                            const Latencies& latencies);

/// "20ms", "1%" or "1000/s": a value in the unit that the measure has.
[[nodiscard]] std::string with_unit(const Threshold& threshold, double value);

}  // namespace sluice::app::bench
