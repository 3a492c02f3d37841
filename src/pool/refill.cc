#include "pool/refill.h"

namespace sluice::pool {
namespace {

// A drawn pause of nothing would be no back-off at all.
constexpr std::chrono::milliseconds kShortestBackOff{1};

}  // namespace

int Refill::wanted(const RefillNeed& need) {
  const int missing = std::max(0, need.min_size - need.live);
  const int limit = need.max_size + (need.waiters > 0 ? need.max_overflow : 0);
  const int room = limit - need.live - need.closing;
  return std::max(0, std::min(need.waiters + missing, room));
}

int Refill::to_start(const RefillNeed& need) const {
  return std::max(0, std::min(wanted(need), ramp_) - need.connecting);
}

void Refill::succeeded() {
  ramp_ = std::min(ramp_ * 2, kWidestRamp);
  next_back_off_ = kFirstBackOff;
  backing_off_since_ = retry_at_ = base::TimePoint::min();
}

void Refill::failed(base::TimePoint began, base::TimePoint now) {
  ramp_ = 1;
  if (began < backing_off_since_) return;
  retry_at_ =
      now + std::max<base::Duration>(base::random_up_to(next_back_off_, random_), kShortestBackOff);
  backing_off_since_ = now;
  next_back_off_ = std::min<base::Duration>(next_back_off_ * 2, kLongestBackOff);
}

void Refill::forgive() {
  ramp_ = 1;
  next_back_off_ = kFirstBackOff;
  backing_off_since_ = retry_at_ = base::TimePoint::min();
}

}  // namespace sluice::pool
