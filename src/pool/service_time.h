#pragma once

#include <chrono>

#include "base/time.h"

namespace sluice::pool {

/// How long a connection is taken for one call: the mean of the last seconds, each of which counts
/// twice as much as the one before. A mean over time and not over calls, so that one slow call
/// among thousands weighs no more than it should. Pure: it reads no clock.
class ServiceTime {
 public:
  static constexpr int kFewestCalls = 16;
  static constexpr std::chrono::seconds kFoldEvery{1};
  static constexpr std::chrono::seconds kForgottenAfter{10};

  /// A connection was taken for so long and served so many calls meanwhile.
  void record(base::Duration taken, int calls, base::TimePoint now) {
    taken_ += taken;
    calls_ += calls;
    if (calls_ >= kFewestCalls && now >= fold_at_) fold(now);
  }
  /// Zero: too little was seen, or too long ago.
  [[nodiscard]] base::Duration mean(base::TimePoint now) const {
    return now < forget_at_ ? mean_ : base::Duration::zero();
  }

 private:
  void fold(base::TimePoint now) {
    const base::Duration seen = taken_ / calls_;
    mean_ = now < forget_at_ ? (mean_ + seen) / 2 : seen;
    taken_ = {};
    calls_ = 0;
    fold_at_ = now + kFoldEvery;
    forget_at_ = now + kForgottenAfter;
  }

  base::Duration taken_{};
  int calls_ = 0;
  base::Duration mean_{};
  base::TimePoint fold_at_ = base::TimePoint::min();
  base::TimePoint forget_at_ = base::TimePoint::min();
};

}  // namespace sluice::pool
