#include "breaker/window.h"

#include <algorithm>

namespace sluice::breaker {
namespace {

using std::chrono::seconds;

constexpr std::int64_t kMaxBuckets = 60;

std::int64_t second_of(base::TimePoint moment) { return moment.time_since_epoch() / seconds(1); }

std::int64_t whole_seconds(base::Duration span) {
  return std::max<std::int64_t>(std::chrono::ceil<seconds>(span).count(), 1);
}

// The oldest second that still belongs to the window.
std::int64_t oldest_second(base::TimePoint now, base::Duration span) {
  return second_of(now) - whole_seconds(span) + 1;
}

// In seconds. One, but for windows that would need too many buckets.
std::int64_t bucket_width(base::Duration span) {
  return (whole_seconds(span) + kMaxBuckets - 1) / kMaxBuckets;
}

}  // namespace

Counts& Window::current(base::TimePoint now, base::Duration span) {
  const std::int64_t second = second_of(now);
  if (!buckets_.empty() && second < buckets_.back().first_second + bucket_width(span)) {
    return buckets_.back().counts;
  }
  const std::int64_t oldest = oldest_second(now, span);
  std::erase_if(buckets_, [oldest](const Bucket& bucket) { return bucket.first_second < oldest; });
  return buckets_.emplace_back(Bucket{second, {}}).counts;
}

Counts Window::sum(base::TimePoint now, base::Duration span) const {
  const std::int64_t oldest = oldest_second(now, span);
  Counts sum;
  for (const Bucket& bucket : buckets_) {
    if (bucket.first_second < oldest) continue;
    sum.calls += bucket.counts.calls;
    sum.failures += bucket.counts.failures;
    sum.timed += bucket.counts.timed;
    sum.slow += bucket.counts.slow;
  }
  return sum;
}

}  // namespace sluice::breaker
