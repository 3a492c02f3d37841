#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "base/time.h"
#include "manager/registry.h"
#include "metrics/process_facts.h"
#include "security/digest.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// A result that was made before, or by another.
struct KeptResult {
  std::shared_ptr<const std::string> text;
  base::TimePoint made;
  base::TimePoint ends;
};

/// Keeps the results of queries whose callers are content with old ones, for as long as each of
/// them says, and has one of several callers run what all of them want at once: the leader; the
/// others follow. A leader whose client leaves goes on as long as somebody follows. When a leader
/// fails in a way that may be its own (its time was over, somebody cancelled it), a follower takes
/// over. Bounded: those that end first go first. Only successes are kept. What was made before its
/// database was changed is not given any more. Shared by all workers; thread-safe, and touched by
/// nobody who does not ask for it.
class ResultCache {
 public:
  explicit ResultCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// What somebody wants.
  struct Wish {
    security::Digest key{};  ///< of all that decides what the result is
    manager::DatabasePointer database;
    std::chrono::milliseconds ttl{0};  ///< a result is too old at this age
  };
  /// Whom a follower is told by, on its own loop; one of them is called, once.
  struct Follower {
    base::EventLoop* loop = nullptr;
    std::function<void(const Result<KeptResult>&)> follow;
    std::function<void()> lead;
  };
  class Flight;
  using FlightPointer = std::shared_ptr<Flight>;

  /// What to do: give `kept`, or run the query as the leader of `flight`, or wait as its
  /// `follower`.
  struct Begun {
    std::optional<KeptResult> kept;
    FlightPointer flight;
    std::uint64_t follower = 0;  ///< 0: it leads
    bool stale = false;          ///< there was one, but it was too old
  };
  [[nodiscard]] Begun begin(const Wish& wish, base::TimePoint now, Follower follower);
  /// The leader runs; `cancel` gives that up, and may be called on any thread.
  void leading(const FlightPointer& flight, std::function<void()> cancel);
  /// The leader has ended.
  void finish(const FlightPointer& flight, const Result<std::string_view>& result,
              base::TimePoint now);
  /// Somebody's client has left; `follower` is 0 for the leader. Whoever left is not called any
  /// more; who is the last one cancels.
  void leave(const FlightPointer& flight, std::uint64_t follower);

  /// Forgets what it has of a database, and what is being made there.
  void forget(std::string_view db_id);
  [[nodiscard]] metrics::CacheFacts facts() const;

 private:
  struct Entry {
    KeptResult kept;
    std::weak_ptr<const manager::Database> database;
  };
  using Entries = std::map<security::Digest, Entry>;

  [[nodiscard]] std::optional<KeptResult> find(const Wish& wish, base::TimePoint now, Begun& begun);
  void keep(const Flight& flight, const KeptResult& kept, base::TimePoint now);
  void drop(Entries::iterator entry);
  void forget_ended(base::TimePoint now);
  [[nodiscard]] bool make_room(std::size_t bytes);
  [[nodiscard]] bool is_under_way(const FlightPointer& flight) const;

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::set<std::pair<base::TimePoint, security::Digest>> by_end_;  // of all entries
  std::map<security::Digest, FlightPointer> flights_;
  std::size_t bytes_ = 0;
  metrics::CacheFacts counts_;
};

}  // namespace sluice::gateway
