#include "pool/sizing.h"

#include <algorithm>
#include <cmath>

namespace sluice::pool {
namespace {

std::string calls_a_second(double rate) { return std::to_string(std::lround(rate)) + " calls/s"; }
std::string connections(int count) {
  return std::to_string(count) + (count == 1 ? " connection" : " connections");
}

/// What is served is what the database can do only while most have to wait.
bool pressed(const Sizing::Second& second) {
  return second.waiting > 0 || (second.waited > 0 && 2 * second.waited >= second.served);
}

}  // namespace

Sizing::Sizing(int most) : most_(most), size_(std::min(most, kFirst)), best_(size_) {}

int Sizing::least() const { return std::min(kLeast, most_); }

void Sizing::configure(int most) {
  if (most == most_) return;
  most_ = most;
  best_ = std::clamp(best_, least(), most_);
  best_rate_ = 0;
  relax();
}

bool Sizing::observe(const Second& second) {
  const int before = size_;
  if (!pressed(second)) {
    relax();
    return size_ != before;
  }
  if (settling_) {
    settling_ = false;
    return false;
  }
  served_ += second.served;
  ++seconds_;
  if (served_ * kSeconds < kFewestServed * seconds_) {
    grow();
  } else if (seconds_ == kSeconds) {
    conclude(static_cast<double>(served_) / seconds_);
  }
  return size_ != before;
}

/// Nothing can be learned now: back to the best, and later from the beginning.
void Sizing::relax() {
  if (phase_ == Phase::kTrying) phase_ = Phase::kMeasuring;
  use(best_);
}

void Sizing::use(int size) {
  settling_ = true;
  seconds_ = 0;
  served_ = 0;
  size_ = size;
}

void Sizing::conclude(double rate) {
  switch (phase_) {
    case Phase::kMeasuring:
      best_rate_ = rate;
      reason_ = connections(best_) + " serve " + calls_a_second(rate);
      return try_next();
    case Phase::kTrying:
      return judge_trial(rate);
    case Phase::kResting:
      return rest(rate);
  }
}

void Sizing::judge_trial(double rate) {
  const double wanted = best_rate_ * (size_ > best_ ? kMoreMustBring : kFewerMayCost);
  reason_ = connections(size_) + " serve " + calls_a_second(rate) + ", " + std::to_string(best_) +
            " " + calls_a_second(best_rate_);
  return rate >= wanted ? accept(rate) : reject();
}

/// The best rate does not sink with each step down, or else many small losses would add up.
void Sizing::accept(double rate) {
  best_rate_ = std::max(best_rate_, rate);
  best_ = size_;
  failed_ = 0;
  rest_for_ = kFirstRest;
  step_ *= 2;
  try_next();
}

void Sizing::reject() {
  const bool was_wide = std::abs(size_ - best_) > 1;
  step_ = 1;
  if (!was_wide) {
    direction_ = -direction_;
    ++failed_;
  }
  try_next();
}

void Sizing::try_next() {
  for (; failed_ < 2; ++failed_, direction_ = -direction_, step_ = 1) {
    const int next = std::clamp(best_ + direction_ * step_, least(), most_);
    if (next == best_) continue;
    phase_ = Phase::kTrying;
    return use(next);
  }
  failed_ = 0;
  direction_ = 1;
  step_ = 1;
  phase_ = Phase::kResting;
  rest_left_ = rest_for_;
  rest_for_ = std::min(2 * rest_for_, kLongestRest);
  use(best_);
}

void Sizing::rest(double rate) {
  const bool other_work = std::abs(rate - best_rate_) > kOtherWork * best_rate_;
  rest_left_ -= seconds_;
  if (other_work) rest_for_ = kFirstRest;
  if (!other_work && rest_left_ > 0) return use(size_);
  phase_ = Phase::kMeasuring;
  conclude(rate);
}

/// Towards what a pool without sizing would use.
void Sizing::grow() {
  reason_ = "too few calls end to measure anything, and callers wait";
  phase_ = Phase::kMeasuring;
  best_rate_ = 0;
  best_ = std::min(2 * size_, most_);
  use(best_);
}

}  // namespace sluice::pool
