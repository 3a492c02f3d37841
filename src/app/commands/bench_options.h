#pragma once

#include <string>
#include <vector>

#include "app/bench/load.h"
#include "app/bench/report.h"
#include "app/commands/session.h"

namespace sluice::app::commands {

struct BenchOptions {
  std::string db_id;
  std::string sql;
  std::vector<std::string> params;
  bool write = false;
  int users = 10;
  std::int64_t requests = 0;
  double rate = 0;
  std::string duration;
  std::string warm_up;
  std::string timeout = "10s";
  std::vector<std::string> thresholds;
  std::string sweep;  ///< sizes: "1,2,4"; or "auto"
  bool pool_limit = false;
};

/// What the options mean.
struct BenchPlan {
  bench::Plan load;
  std::chrono::milliseconds warm_up{0};
  std::vector<bench::Threshold> thresholds;
  std::string db_id;
};
[[nodiscard]] client::Outcome<BenchPlan> plan_of(const BenchOptions& options);
/// "1,2,4,8" as numbers.
[[nodiscard]] client::Outcome<std::vector<int>> sizes_in(const std::string& text);

/// One load, with its warm-up, and progress on a terminal.
[[nodiscard]] bench::Report measure(Session& session, const BenchPlan& plan,
                                    const std::atomic<bool>& stop);

/// Tries sizes of the pool and puts the old one back, whatever happens.
[[nodiscard]] client::Outcome<client::ExitStatus> sweep_pool(Session& session, BenchPlan plan,
                                                             const std::vector<int>& sizes);
/// Doubles the users until the gateway refuses some.
[[nodiscard]] client::Outcome<client::ExitStatus> walk_to_limit(Session& session, BenchPlan plan);

}  // namespace sluice::app::commands
