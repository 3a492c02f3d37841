#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "sluice/observer.h"
#include "sluice/stats.h"

namespace sluice::manager {

/// How often a breaker changed its state, by states and reason.
class TransitionCounts {
 public:
  void record(const BreakerTransition& transition);
  void merge(const TransitionCounts& other);
  /// Those that happen by themselves are there from the beginning, with 0.
  [[nodiscard]] std::vector<TransitionCount> list() const;

 private:
  /// From, to, reason.
  using Kind = std::tuple<BreakerState, BreakerState, std::string>;
  using Counts = std::map<Kind, std::int64_t>;
  [[nodiscard]] static Counts usual();

  Counts counts_;
};

}  // namespace sluice::manager
