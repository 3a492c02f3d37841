#include "pool/concurrency_limit.h"

#include <algorithm>
#include <utility>

namespace sluice::pool {
namespace {

constexpr int kLongestCollecting = 10;  // seconds

std::string in_ms(base::Duration duration) {
  using std::chrono::milliseconds;
  return std::to_string(std::chrono::ceil<milliseconds>(duration).count()) + " ms";
}

}  // namespace

ConcurrencyLimit::ConcurrencyLimit(int most) : most_(most), limit_(most) {
  recent_.fill(kNone);
  usual_.fill(kNone);
}

void ConcurrencyLimit::configure(int most) {
  if (limit_ == most_ || limit_ > most) limit_ = most;
  most_ = most;
}

void ConcurrencyLimit::answered_ping(base::Duration took) {
  recent_.front() = std::min(recent_.front(), took);
}

bool ConcurrencyLimit::judge() {
  const int before = limit_;
  const std::string slow = slow_pings();
  const std::string refused = overloads();
  const bool enough = well_ + overloads_ >= kFewestCalls;
  const bool bad = !slow.empty() || (enough && !refused.empty());
  const bool good = well_ > 0 && refused.empty() && (enough || overloads_ == 0);
  if (bad) cut(slow.empty() ? refused : slow);
  if (!bad && good) raise();
  if (bad || good || ++seconds_ >= kLongestCollecting) well_ = overloads_ = seconds_ = 0;
  next_second(!slow.empty());
  return limit_ != before;
}

/// At the lowest limit pings that stay slow are not our doing, and become the usual. Silence leaves
/// the usual as it is.
void ConcurrencyLimit::next_second(bool slow) {
  const base::Duration leaving = recent_.back();
  const bool usual = !slow || limit_ <= std::min(kLeast, most_);
  if (usual && leaving != kNone) {
    usual_[oldest_] = leaving;
    oldest_ = (oldest_ + 1) % usual_.size();
  }
  std::copy_backward(recent_.begin(), recent_.end() - 1, recent_.end());
  recent_.front() = kNone;
}

std::string ConcurrencyLimit::slow_pings() const {
  const auto recent = *std::min_element(recent_.begin(), recent_.end());
  const auto usual = *std::min_element(usual_.begin(), usual_.end());
  if (recent == kNone || usual == kNone) return {};
  if (recent <= std::max<base::Duration>(kNeverSlow, kTimesUsual * usual)) return {};
  return "pings take " + in_ms(recent) + ", usually " + in_ms(usual);
}

std::string ConcurrencyLimit::overloads() const {
  const auto calls = well_ + overloads_;
  if (static_cast<double>(overloads_) <= kTolerated * static_cast<double>(calls)) return {};
  return std::to_string(overloads_) + " of " + std::to_string(calls) +
         " calls were cancelled at their deadline, hung, or were refused by the server for "
         "overload";
}

bool ConcurrencyLimit::cut(std::string reason) {
  constexpr int kTenths = 9;
  const int least = std::min(kLeast, most_);
  const int next = std::max(least, limit_ * kTenths / 10);
  if (next == limit_) return false;
  limit_ = next;
  ++cuts_;
  reason_ = cut_reason_ = std::move(reason);
  return true;
}

bool ConcurrencyLimit::raise() {
  if (limit_ >= most_) return false;
  ++limit_;
  reason_ = "no sign of overload in the last second; it was lowered because " + cut_reason_;
  return true;
}

}  // namespace sluice::pool
