#pragma once

#include <map>
#include <optional>
#include <string>

#include "simulation/answers.h"
#include "simulation/cluster.h"
#include "simulation/met.h"
#include "sluice/options.h"
#include "sluice/result.h"

namespace sluice::simulation {

/// The calls at databases with several hosts: what each wanted, what servers did of it, and what
/// its caller was told; holds these against each other.
class ClusterCalls {
 public:
  struct Order {
    std::string statement;  ///< names it: "w17" is a write, "r17" a read
    std::string where;      ///< whose call it is, for people
    Route route = Route::kPrimary;
    base::TimePoint deadline;
  };

  ClusterCalls(Verdict& verdict, Met& met) : verdict_(verdict), met_(met) {}

  void made(const Order& order);
  [[nodiscard]] Route route_of(const std::string& statement) const;
  void executed(const std::string& write, bool by_the_primary);
  void answered(const std::string& statement, const Result<Completion>& result,
                base::TimePoint now);

  void check(base::TimePoint now) { answers_.check(now); }
  void require_all_answered() { answers_.require_none_open("until the end"); }
  /// No write of whose success a caller was told is missing on the line that counts.
  void require_kept(const Cluster& cluster, const std::string& where);

 private:
  struct Call {
    Order order;
    Answers::Ticket ticket = 0;
    int executed = 0;
    bool by_the_primary = false;
    bool acknowledged = false;
    std::optional<Outcome> outcome;  ///< of a failure
  };
  void check_outcome(const Call& call, const char* when);
  void count(const Call& call, const Result<Completion>& result);

  Verdict& verdict_;
  Met& met_;
  Answers answers_{verdict_};
  std::map<std::string, Call> calls_;
};

}  // namespace sluice::simulation
