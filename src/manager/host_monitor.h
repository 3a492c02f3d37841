#pragma once

#include <functional>
#include <memory>

#include "base/random.h"
#include "manager/host_probe.h"

namespace sluice::manager {

/// When to look at a host, and what to make of it: every interval ± 20 %, and soon again when
/// somebody has reason to think that something changed, or when a look failed. Down after two
/// failed looks, up after a good one. Lives on one loop's thread.
class HostMonitor {
 public:
  /// What the last look says. `facts` null: it failed, and nothing is known.
  struct Sight {
    const HostFacts* facts = nullptr;
    const Error* error = nullptr;
    bool up = false;
  };
  using Seen = std::function<void(const Sight&)>;

  HostMonitor(base::EventLoop& loop, std::shared_ptr<pool::Connector> connector,
              base::Random& random, base::Duration interval, Seen seen);

  /// As soon as 250 ms have passed since the last look began.
  void look_soon();
  void set_interval(base::Duration interval) { interval_ = interval; }
  void replace_connector(std::shared_ptr<pool::Connector> connector);

 private:
  void look();
  void looked(const Result<HostFacts>& result);
  [[nodiscard]] base::Duration pause(bool missed);

  base::EventLoop& loop_;
  base::Random& random_;
  base::Duration interval_;
  const Seen seen_;
  base::Timer timer_;
  base::TimePoint began_;
  bool looking_ = false;
  bool look_again_ = false;
  bool up_ = false;
  int misses_ = 0;
  HostProbe probe_;
};

}  // namespace sluice::manager
