#include "http/slow_reader.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::http {

void SlowReader::took(std::size_t bytes, base::TimePoint now) {
  const bool begins = !std::exchange(waiting_, true);
  if (begins) begin_window(now);
  if (begins || bytes > 0) stalls_at_ = now + limits_.stall;
  if (!begins) taken_ += static_cast<std::int64_t>(bytes);
}

base::TimePoint SlowReader::due() const {
  if (!waiting_) return base::TimePoint::max();
  return limits_.bytes_per_second > 0 ? std::min(stalls_at_, window_ends_) : stalls_at_;
}

bool SlowReader::given_up(base::TimePoint now) {
  if (!waiting_ || now < due()) return false;
  if (now >= stalls_at_) return true;
  const auto seconds = std::chrono::duration<double>(window()).count();
  const bool too_slow =
      static_cast<double>(taken_) < static_cast<double>(limits_.bytes_per_second) * seconds;
  begin_window(now);
  return too_slow;
}

void SlowReader::begin_window(base::TimePoint now) {
  window_ends_ = now + window();
  taken_ = 0;
}

}  // namespace sluice::http
