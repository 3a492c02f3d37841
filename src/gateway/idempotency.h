#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/time.h"
#include "security/digest.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// How a request that is done once ended.
struct OnceAnswer {
  std::shared_ptr<const std::string> body;  ///< of a success; null: it failed, or was not kept
  std::optional<Error> error;
  int failing_index = -1;  ///< of a transaction's error
};

/// Sees to it that a request which is sent again under the same key (Idempotency-Key) is carried
/// out once: whoever comes while it runs waits for its end, whoever comes later gets the same
/// answer. What certainly had no effect, or may simply be tried again, is forgotten; what may have
/// had one is remembered as such. Memory is bounded: of the oldest answers only the fact is kept;
/// when even those are too many, new keys are refused, as forgetting one could do something twice.
/// Kept for a day, by this process alone: neither a restart nor another replica knows of it.
/// Thread-safe; every function is short.
class IdempotencyStore {
 public:
  static constexpr std::chrono::hours kKeptFor{24};

  explicit IdempotencyStore(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  struct Request {
    std::string key;        ///< whose it is, what it is for, and the client's own key
    security::Digest body;  ///< the same key for another body is a mistake
    base::EventLoop& loop;  ///< where `answer` is called, if the request waits
    base::TimePoint now;
  };
  enum class Verdict {
    kRun,        ///< it is new: carry it out, and call `finish` in any case
    kWait,       ///< it runs already: `answer` will be called
    kAnswered,   ///< it is done: `answer` has been called
    kOtherBody,  ///< the key belongs to another request
    kUnknown,    ///< it was begun, and nobody knows whether it was carried out
    kNotKept,    ///< it is done, but its answer was too large to be kept
    kFull,       ///< no room for another key
  };
  using Answer = std::function<void(const OnceAnswer&)>;
  [[nodiscard]] Verdict begin(const Request& request, const Answer& answer);
  /// The one that was told to run has ended.
  void finish(const std::string& key, const OnceAnswer& answer, base::TimePoint now);

  [[nodiscard]] std::size_t bytes() const;

 private:
  enum class State { kRunning, kDone, kUnknown, kNotKept };
  struct Waiter {
    base::EventLoop* loop;
    Answer answer;
  };
  struct Entry {
    State state = State::kRunning;
    security::Digest body{};
    OnceAnswer answer;
    std::vector<Waiter> waiters;
    std::size_t bytes = 0;
  };
  struct Age {
    std::string key;
    base::TimePoint ends;
  };

  void forget_old(base::TimePoint now);
  bool make_room(std::size_t bytes);
  void keep(Entry& entry, const OnceAnswer& answer);

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::deque<Age> ended_;         // in the order of ending, which is that of forgetting
  std::size_t next_to_thin_ = 0;  // the first of `ended_` whose answer may still be there
  std::size_t bytes_ = 0;
};

}  // namespace sluice::gateway
