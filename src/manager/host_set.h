#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/random.h"
#include "manager/host_monitor.h"
#include "manager/router.h"
#include "manager/topology.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/target.h"

namespace sluice::manager {

/// The hosts of one database that has several: their monitors, what is known of them, and the
/// routers that are told. The monitors live on one loop; their connections are outside of every
/// pool. When no call has come for `pool.pool_idle_timeout`, they stop, and the next call starts
/// them again and waits for what they find.
class HostSet : public std::enable_shared_from_this<HostSet> {
 public:
  struct Dependencies {
    base::EventLoop& loop;  ///< the monitors'
    pool::ConnectorFactory& connectors;
    Observer& observer;
    std::uint64_t seed;
  };
  HostSet(std::string db_id, const Target& target, Dependencies dependencies);
  ~HostSet();

  [[nodiscard]] std::size_t size() const { return hosts_.size(); }
  /// Any thread.
  [[nodiscard]] std::shared_ptr<const TopologyView> view() const;
  /// Looks at all of them, as soon as it has not just been done. Any thread.
  void look_soon();

  /// Of these hosts in whatever order, the target at that one of ours.
  [[nodiscard]] Target target_of(const Target& target, std::size_t host) const;

  /// For a loop of its own, on that loop's thread, before `start`.
  [[nodiscard]] std::shared_ptr<Router> make_router(base::EventLoop& loop, std::uint64_t seed);
  /// The monitors' loop.
  void start(const Target& target, const DatabaseOptions& options);
  /// Any thread, after `start`.
  void configure(const Target& target, const DatabaseOptions& options, bool new_connections);
  /// Any thread, likewise. The shards tell their routers.
  void stop();

 private:
  struct Listener {
    std::shared_ptr<Router> router;
    base::EventLoop* loop;
  };
  void seen(std::size_t host, const HostMonitor::Sight& sight);
  void publish();
  void start_looking();
  void sleep_if_unused();
  void sleep();
  void wake();
  void reconfigure(const Target& target, const DatabaseOptions& options, bool new_connections);
  [[nodiscard]] std::shared_ptr<pool::Connector> connector(const Target& target,
                                                           const DatabaseOptions& options,
                                                           std::size_t host);

  const std::string db_id_;
  const std::vector<Host> hosts_;
  Dependencies dependencies_;
  base::Random random_;
  Topology topology_;
  Target target_;
  DatabaseOptions options_;
  std::vector<std::unique_ptr<HostMonitor>> monitors_;
  bool stopped_ = false;
  bool asleep_ = false;  // until all have been looked at again
  base::TimePoint used_at_{};
  std::atomic<bool> used_{false};  // since somebody has asked for it last
  std::atomic<bool> asked_{false};
  mutable std::mutex mutex_;  // of the next two
  std::vector<Listener> listeners_;
  std::shared_ptr<const TopologyView> view_;
};

}  // namespace sluice::manager
