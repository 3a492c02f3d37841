#include "gateway/client_quota.h"

#include <algorithm>

namespace sluice::gateway {
namespace {

using std::chrono::microseconds;

constexpr std::int64_t kCost = 1'000'000;

microseconds rounded_up(std::int64_t amount, std::int64_t rate) {
  return microseconds((std::max<std::int64_t>(amount, 0) + rate - 1) / rate);
}

}  // namespace

std::int64_t burst_of(const config::ClientLimits& limits) {
  return limits.burst > 0 ? limits.burst : limits.requests_per_second;
}

ClientQuota::Decision ClientQuota::enter(const config::ClientLimits& limits, base::TimePoint now) {
  const int before = under_way_.fetch_add(1, std::memory_order_relaxed);
  Decision decision;
  if (limits.concurrent > 0 && before >= limits.concurrent) {
    decision.verdict = Verdict::kTooManyAtOnce;
  } else if (limits.requests_per_second > 0) {
    decision = spend(limits, now);
  }
  if (decision.verdict != Verdict::kAdmitted) leave();
  return decision;
}

std::int64_t ClientQuota::micros_since_epoch(base::TimePoint now) const {
  return std::chrono::floor<microseconds>(now - epoch_).count();
}

ClientQuota::Decision ClientQuota::spend(const config::ClientLimits& limits, base::TimePoint now) {
  const std::int64_t rate = limits.requests_per_second;
  const std::int64_t capacity = burst_of(limits) * kCost;
  const std::int64_t time = micros_since_epoch(now) * rate;
  // Another rate was configured: the account is opened anew.
  if (rate_.load(std::memory_order_relaxed) != limits.requests_per_second) {
    rate_ = limits.requests_per_second;
    full_at_ = 0;
  }
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t after = std::max(full_at, time) + kCost;
    const std::int64_t debt = after - time;
    if (debt > capacity) {
      return {Verdict::kTooFast, 0, rounded_up(debt - kCost, rate),
              rounded_up(debt - capacity, rate)};
    }
    if (full_at_.compare_exchange_weak(full_at, after, std::memory_order_relaxed))
      return {Verdict::kAdmitted, (capacity - debt) / kCost, rounded_up(debt, rate), {}};
  }
}

bool ClientQuota::unused(const config::ClientLimits& limits, base::TimePoint now) const {
  const auto time = micros_since_epoch(now) * limits.requests_per_second;
  return under_way_ == 0 && full_at_ <= time;
}

}  // namespace sluice::gateway
