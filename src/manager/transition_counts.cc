#include "manager/transition_counts.h"

namespace sluice::manager {

TransitionCounts::Counts TransitionCounts::usual() {
  using enum BreakerState;
  return {{{kClosed, kOpen, "connect_failures"}, 0},    {{kClosed, kOpen, "failure_rate"}, 0},
          {{kClosed, kOpen, "rejected_by_server"}, 0},  {{kClosed, kOpen, "slow_rate"}, 0},
          {{kOpen, kHalfOpen, "probe_succeeded"}, 0},   {{kHalfOpen, kOpen, "trial_failed"}, 0},
          {{kHalfOpen, kClosed, "trials_succeeded"}, 0}};
}

void TransitionCounts::record(const BreakerTransition& transition) {
  ++counts_[{transition.from, transition.to, transition.reason}];
}

void TransitionCounts::merge(const TransitionCounts& other) {
  for (const auto& [kind, count] : other.counts_) counts_[kind] += count;
}

std::vector<TransitionCount> TransitionCounts::list() const {
  Counts counts = usual();
  for (const auto& [kind, count] : counts_) counts[kind] = count;
  std::vector<TransitionCount> list;
  list.reserve(counts.size());
  for (const auto& [kind, count] : counts) {
    const auto& [from, to, reason] = kind;
    list.push_back({from, to, reason, count});
  }
  return list;
}

}  // namespace sluice::manager
