#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/time.h"
#include "config/config.h"

namespace sluice::gateway {

/// What one client has used of its limits. Of requests per second: a token bucket, kept as the
/// moment at which it would be full again (the "generic cell rate algorithm"), in integers, so that
/// never more than burst + rate × time are let in, whatever the rate. Thread-safe without a lock.
class ClientQuota {
 public:
  explicit ClientQuota(base::TimePoint now) : epoch_(now) {}

  enum class Verdict { kAdmitted, kTooFast, kTooManyAtOnce };
  struct Decision {
    Verdict verdict = Verdict::kAdmitted;
    std::int64_t left = 0;                     ///< of the burst, after this one
    std::chrono::microseconds full_in{0};      ///< until the whole burst is there again
    std::chrono::microseconds retry_after{0};  ///< until the next would be admitted
  };
  /// Counts a request that begins now, if it may. One that is admitted must `leave`.
  [[nodiscard]] Decision enter(const config::ClientLimits& limits, base::TimePoint now);
  void leave() { under_way_.fetch_sub(1, std::memory_order_relaxed); }

  /// Whether it remembers nothing that a new one would not know.
  [[nodiscard]] bool unused(const config::ClientLimits& limits, base::TimePoint now) const;

 private:
  [[nodiscard]] Decision spend(const config::ClientLimits& limits, base::TimePoint now);
  [[nodiscard]] std::int64_t micros_since_epoch(base::TimePoint now) const;

  const base::TimePoint epoch_;
  /// When the bucket is full, in microseconds since the epoch times the rate: a request costs a
  /// million, and time brings `rate` per microsecond.
  std::atomic<std::int64_t> full_at_{0};
  std::atomic<int> rate_{0};  ///< that `full_at_` is in
  std::atomic<int> under_way_{0};
};

/// How many may come at once.
[[nodiscard]] std::int64_t burst_of(const config::ClientLimits& limits);

}  // namespace sluice::gateway
