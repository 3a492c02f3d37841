#include "pool/codel.h"

#include <algorithm>

namespace sluice::pool {
namespace {

// Each value moves the estimate by so much towards itself: half of them up and half of them down
// once it is the median.
constexpr double kStep = 1.05;

}  // namespace

void Codel::served(base::Duration taken) {
  const auto value = static_cast<double>(std::max<base::Duration::rep>(taken.count(), 1));
  if (median_ <= 0) {
    median_ = value;
  } else if (value > median_) {
    median_ = std::min(median_ * kStep, value);
  } else {
    median_ = std::max(median_ / kStep, value);
  }
}

void Codel::waited(base::Duration wait, base::TimePoint now) {
  if (measuring_ && now < ends_) {
    shortest_ = std::min(shortest_, wait);
    return;
  }
  overloaded_ = measuring_ && shortest_ > target();
  measuring_ = true;
  shortest_ = wait;
  ends_ = now + kInterval;
}

void Codel::rest() { overloaded_ = measuring_ = false; }

base::Duration Codel::target() const {
  return std::max<base::Duration>(kLeastTarget,
                                  base::Duration(static_cast<base::Duration::rep>(median_)));
}

}  // namespace sluice::pool
