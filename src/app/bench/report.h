#pragma once

#include <string>
#include <vector>

#include "app/bench/load.h"
#include "app/bench/threshold.h"

namespace sluice::app::bench {

/// How full the pool was while the load ran.
struct PoolPeak {
  int max_size = 0;
  int used = 0;
  int waiting = 0;
};

/// Everything there is to tell about one run.
struct Report {
  Measured measured;
  Latencies corrected;
  PoolPeak pool;
  int users = 0;
  double rate = 0;
  std::vector<Threshold> thresholds;
};

/// With the percentiles corrected: for users who wait, by the median as the expected interval; with
/// a rate they are right as they were measured.
[[nodiscard]] Report make_report(Measured measured, PoolPeak pool, const Plan& plan);

[[nodiscard]] std::string to_text(const Report& report, bool colour);
[[nodiscard]] std::string to_json(const Report& report);
[[nodiscard]] bool all_met(const Report& report);

/// A bar whose length is the share of `columns`.
[[nodiscard]] std::string bar(double share, int columns);

}  // namespace sluice::app::bench
