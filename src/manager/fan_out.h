#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "manager/manager.h"
#include "sluice/fan_out.h"

namespace sluice::manager {

/// The ids a fan-out goes to, in order; an id that is not registered stays in the list and becomes
/// a failed leg. Fails when the targets are not exactly one of the three.
[[nodiscard]] Result<std::vector<std::string>> resolve_targets(const FanOutTargets& targets,
                                                               const Manager& manager);

/// Runs the same statement at many databases. Lives on one loop's thread (`loop`), where all its
/// callbacks come; keeps itself alive until `done`.
class FanOutRun : public std::enable_shared_from_this<FanOutRun> {
 public:
  struct Order {
    std::vector<std::string> db_ids;
    Query query;
    int concurrency = 0;                     ///< 0: all at once
    std::optional<base::Deadline> deadline;  ///< of the whole
    base::TimePoint started_at;
    const Origin* origin = nullptr;  ///< as Call::origin, of every leg
    std::function<std::shared_ptr<RowSink>(std::size_t leg)> make_sink;
    std::function<void(std::size_t leg, Result<Completion>, base::Duration elapsed)> leg_done;
    std::function<void()> done;
  };
  FanOutRun(Manager& manager, base::EventLoop& loop, Order order);

  void start();
  /// Cancels every leg that runs, and starts no more.
  void cancel();

 private:
  void start_next();
  void start_leg(std::size_t leg);
  void leg_ended(std::size_t leg, base::TimePoint began, Result<Completion> result);

  Manager& manager_;
  base::EventLoop& loop_;
  Order order_;
  std::vector<CallHandle> handles_;
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
  bool cancelled_ = false;
};

}  // namespace sluice::manager
