#include "gateway/idempotency.h"

#include <algorithm>
#include <utility>

namespace sluice::gateway {
namespace {

/// Of the maps and lists around one key.
constexpr std::size_t kOverhead = 256;
/// No single answer may push out that many others.
constexpr std::size_t kLargestShare = 16;

std::size_t size_of_key(const std::string& key) { return 2 * key.size() + kOverhead; }

std::size_t size_of(const OnceAnswer& answer) {
  const std::size_t error = answer.error ? answer.error->message.size() + kOverhead : 0;
  return error + (answer.body ? answer.body->size() : 0);
}

/// Nothing remains of it, or doing it again is what the error asks for.
bool may_be_repeated(const Error& error) {
  return error.outcome == Outcome::kNotStarted || error.retryable;
}

}  // namespace

IdempotencyStore::Verdict IdempotencyStore::begin(const Request& request, const Answer& answer) {
  OnceAnswer known;
  {
    std::lock_guard lock(mutex_);
    forget_old(request.now);
    const auto found = entries_.find(request.key);
    if (found == entries_.end()) {
      const std::size_t bytes = size_of_key(request.key);
      if (!make_room(bytes)) return Verdict::kFull;
      entries_[request.key] = {.body = request.body, .bytes = bytes};
      bytes_ += bytes;
      return Verdict::kRun;
    }
    Entry& entry = found->second;
    if (entry.body != request.body) return Verdict::kOtherBody;
    if (entry.state == State::kUnknown) return Verdict::kUnknown;
    if (entry.state == State::kNotKept) return Verdict::kNotKept;
    if (entry.state == State::kRunning) {
      entry.waiters.push_back({&request.loop, answer});
      return Verdict::kWait;
    }
    known = entry.answer;
  }
  answer(known);
  return Verdict::kAnswered;
}

void IdempotencyStore::finish(const std::string& key, const OnceAnswer& answer,
                              base::TimePoint now) {
  std::vector<Waiter> waiters;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    waiters.swap(found->second.waiters);
    if (answer.error && may_be_repeated(*answer.error)) {
      bytes_ -= found->second.bytes;
      entries_.erase(found);
    } else {
      keep(found->second, answer);
      ended_.push_back({key, now + kKeptFor});
    }
  }
  for (Waiter& waiter : waiters) {
    waiter.loop->post([answer, tell = std::move(waiter.answer)] { tell(answer); });
  }
}

void IdempotencyStore::keep(Entry& entry, const OnceAnswer& answer) {
  if (answer.error && answer.error->outcome == Outcome::kUnknown) {
    entry.state = State::kUnknown;
    return;
  }
  entry.state = State::kNotKept;
  const std::size_t bytes = size_of(answer);
  if (bytes > max_bytes_ / kLargestShare || !make_room(bytes)) return;
  entry.state = State::kDone;
  entry.answer = answer;
  entry.bytes += bytes;
  bytes_ += bytes;
}

void IdempotencyStore::forget_old(base::TimePoint now) {
  while (!ended_.empty() && ended_.front().ends <= now) {
    const auto found = entries_.find(ended_.front().key);
    bytes_ -= found->second.bytes;
    entries_.erase(found);
    ended_.pop_front();
    next_to_thin_ -= std::min<std::size_t>(next_to_thin_, 1);
  }
}

/// Lets the oldest answers go, but remembers that they were given.
bool IdempotencyStore::make_room(std::size_t bytes) {
  for (; bytes_ + bytes > max_bytes_ && next_to_thin_ < ended_.size(); ++next_to_thin_) {
    Entry& entry = entries_.find(ended_[next_to_thin_].key)->second;
    if (entry.state != State::kDone) continue;
    const std::size_t freed = size_of(entry.answer);
    entry.state = State::kNotKept;
    entry.answer = {};
    entry.bytes -= freed;
    bytes_ -= freed;
  }
  return bytes_ + bytes <= max_bytes_;
}

std::size_t IdempotencyStore::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace sluice::gateway
