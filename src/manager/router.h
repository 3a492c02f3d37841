#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "base/timer.h"
#include "manager/routing.h"
#include "sluice/result.h"

namespace sluice::manager {

class Shard;

/// Gives the calls of one database with several hosts, on one worker, the shard of the host that
/// they go to. A call that finds no primary waits for one, in a bounded queue and for a bounded
/// time. The loop's thread only, but for the constructor.
class Router {
 public:
  using Chosen = std::function<void(Result<std::shared_ptr<Shard>>)>;
  using WaitId = std::uint64_t;

  struct Dependencies {
    base::EventLoop& loop;
    std::uint64_t seed;
    std::function<void()> look_again;  ///< asks for looks at all hosts, soon; any thread
    std::function<void()> used;        ///< calls came since the last view; any thread
  };
  Router(std::string db_id, std::shared_ptr<const TopologyView> view, Dependencies dependencies);
  ~Router();

  /// In the order of the hosts.
  void add(const std::shared_ptr<Shard>& shard);
  /// What is known now. Retires the connections of hosts whose role has changed.
  void update(std::shared_ptr<const TopologyView> view);
  /// Refuses those that wait, and all that come.
  void close(const Error& why);

  /// Calls `chosen` once, unless forgotten: from inside this call when the host is known (then 0 is
  /// returned), later otherwise, by the deadline.
  WaitId route(const Wish& wish, base::Deadline deadline, Chosen chosen);
  void forget(WaitId wait);
  /// A call with that wish has nothing to look for at that host (any more).
  [[nodiscard]] bool misplaced(const Wish& wish, std::size_t host) const;
  /// A host behaved as if its role had changed.
  void doubt() { dependencies_.look_again(); }
  [[nodiscard]] int waiting() const { return static_cast<int>(waiting_.size()); }

 private:
  struct Waiter {
    Waiter(const Wish& wants, Chosen told, base::TimePoint now, base::TimerQueue& timers,
           std::function<void()> on_late);

    Wish wish;
    Chosen chosen;
    base::TimePoint began;
    base::Timer late;
  };

  [[nodiscard]] Routing routing() const;
  [[nodiscard]] std::shared_ptr<Shard> shard(std::size_t host) const;
  void act_on_roles(const TopologyView& before);
  void serve();
  void on_late(WaitId id);
  [[nodiscard]] Error none(const Wish& wish, base::Duration waited) const;
  [[nodiscard]] Error too_many() const;

  const std::string db_id_;
  Dependencies dependencies_;
  base::Random random_;
  std::vector<std::weak_ptr<Shard>> shards_;
  std::shared_ptr<const TopologyView> view_;
  std::vector<HostRole> roles_;       // the last known ones
  std::map<WaitId, Waiter> waiting_;  // in the order of coming
  WaitId next_wait_ = 1;
  bool used_ = false;  // since the last view
  std::unique_ptr<Error> closed_;
};

}  // namespace sluice::manager
