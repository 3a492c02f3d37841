// What operators and the circuit breaker ask of a pool.
#include <chrono>
#include <utility>

#include "pool/pool.h"

namespace sluice::pool {

void Pool::suspend_refill(bool suspended) {
  suspended_ = suspended;
  if (suspended) refill_.start_slowly();  // what comes back is not stormed
  if (!suspended) serve();
}

void Pool::suspect_idle() { ++suspicion_; }

void Pool::budget_changed() {
  if (probe_waits_) (void)start_connect(true);
  serve();
}

void Pool::yield_connection() {
  if (idle_.empty()) return;
  close(*idle_.oldest(), CloseReason::kYielded);
  schedule_maintenance();
  report_closed(CloseReason::kYielded);
  serve();
}

void Pool::pause() { paused_ = true; }

void Pool::resume() {
  paused_ = false;
  serve();
}

void Pool::renew() {
  ++generation_;
  restart_connects();
  const int count = close_idle(CloseReason::kRenewed);
  schedule_maintenance();
  report_closed(CloseReason::kRenewed, count);
  serve();
}

void Pool::replace_connector(std::shared_ptr<Connector> connector) {
  // Attempts of the old one are abandoned before it goes.
  const auto old = std::exchange(connector_, std::move(connector));
  refill_.forgive();
  retry_timer_.disarm();
  last_connect_error_.reset();
  renew();
}

void Pool::configure(const PoolOptions& options) {
  options_ = options;
  for (const auto& slot : slots_.all()) {
    if (slot->connection) apply_dates(*slot);
  }
  drop_surplus_connects();
  int count = 0;
  for (; !idle_.empty() && slots_.live() > options_.max_size; ++count) {
    close(*idle_.oldest(), CloseReason::kSurplus);
  }
  codel_.rest();
  waiters_.newest_first(false);
  shares_.forget();
  limiter_.configure(limit());
  sizing_.configure(options_.max_size);
  set_lendable("the settings were changed");
  pool_idle_timer_.disarm();
  if (in_use_) touch(active_at_);
  schedule_maintenance();
  report_closed(CloseReason::kSurplus, count);
  serve();
}

void Pool::empty(const Error& reason) {
  const bool probe_lost = fall_asleep(CloseReason::kDrained);
  pool_idle_timer_.disarm();
  if (probe_lost) finish_probe(fail(probe_dropped()));
  fail_all(reason);
  serve();
}

void Pool::drop_surplus_connects() {
  for (auto left = slots_.all().size(); left > 0 && slots_.total() > limit(); --left) {
    Slot& slot = *slots_.all()[left - 1];
    if (slot.state == SlotState::kConnecting && !slot.for_probe) slots_.remove(slot);
  }
}

void Pool::drain(std::function<void()> drained) {
  draining_ = true;
  drained_.push_back(std::move(drained));
  retry_timer_.disarm();
  pool_idle_timer_.disarm();
  second_timer_.disarm();
  const bool probe_lost = abandon_connects();
  const int count = close_idle(CloseReason::kDrained);
  maintenance_timer_.disarm();
  report_closed(CloseReason::kDrained, count);
  if (probe_lost) finish_probe(fail(probe_dropped()));
  fail_all(draining());
  serve();
}

void Pool::finish_drain() {
  if (!draining_ || slots_.total() > 0) return;
  for (auto& drained : std::exchange(drained_, {})) {
    // The pool may be gone when this runs, and `drained` may destroy it.
    loop_.post([alive = std::weak_ptr(alive_), told = std::move(drained)] {
      if (!alive.expired()) told();
    });
  }
}

}  // namespace sluice::pool
