#include "manager/host_monitor.h"

#include <algorithm>
#include <utility>

namespace sluice::manager {
namespace {

constexpr std::chrono::seconds kPatience{1};
constexpr std::chrono::milliseconds kDebounce{250};
constexpr int kMissesUntilDown = 2;
constexpr double kJitter = 0.2;

}  // namespace

HostMonitor::HostMonitor(base::EventLoop& loop, std::shared_ptr<pool::Connector> connector,
                         base::Random& random, base::Duration interval, Seen seen)
    : loop_(loop),
      random_(random),
      interval_(interval),
      seen_(std::move(seen)),
      timer_(loop.timers(), [this] { look(); }),
      began_(loop.now() - kDebounce),
      probe_(loop, std::move(connector), [this] { look_soon(); }) {
  timer_.arm(loop_.now());
}

void HostMonitor::replace_connector(std::shared_ptr<pool::Connector> connector) {
  probe_.replace_connector(std::move(connector));
  look_soon();
}

void HostMonitor::look_soon() {
  if (looking_) {
    look_again_ = true;  // what this look finds may be older than the reason
    return;
  }
  const auto at = std::max(loop_.now(), began_ + kDebounce);
  if (!timer_.armed() || at < timer_.at()) timer_.arm(at);
}

void HostMonitor::look() {
  looking_ = true;
  look_again_ = false;
  began_ = loop_.now();
  probe_.look(kPatience, [this](const Result<HostFacts>& result) { looked(result); });
}

void HostMonitor::looked(const Result<HostFacts>& result) {
  looking_ = false;
  misses_ = result ? 0 : misses_ + 1;
  const bool was_up = up_;
  up_ = result ? true : was_up && misses_ < kMissesUntilDown;
  timer_.arm(loop_.now() + pause(!result && up_));
  if (look_again_) look_soon();
  seen_({result ? &*result : nullptr, result ? nullptr : &result.error(), up_});
}

/// A first miss is made sure of at once.
base::Duration HostMonitor::pause(bool missed) {
  if (missed) return std::min<base::Duration>(kDebounce, interval_);
  return base::jittered(interval_, kJitter, random_);
}

}  // namespace sluice::manager
