// How connections come to be: refill and probes.
#include <algorithm>
#include <chrono>
#include <utility>

#include "pool/pool.h"

namespace sluice::pool {
namespace {

// The connector keeps the deadline and knows best what went wrong; this is for one that does not.
constexpr std::chrono::milliseconds kConnectGrace{500};

}  // namespace

RefillNeed Pool::need() const {
  // A ping under way will most likely end with a connection for a waiter; after one that failed,
  // the others may well go the same way.
  const int expected = doubt_ ? 0 : slots_.count(SlotState::kPinging);
  // What may not be lent need not be opened.
  const int most = std::min(limit(), std::max(lendable_, options_.min_size));
  const int permanent = std::min(most, options_.max_size);
  return {.waiters = held_ ? 0 : std::max(0, waiters_.size() - expected),
          .live = slots_.live(),
          .closing = slots_.count(SlotState::kClosing),
          .connecting = slots_.count(SlotState::kConnecting),
          .min_size = options_.min_size + (replacing_ ? 1 : 0),
          .max_size = permanent,
          .max_overflow = most - permanent};
}

void Pool::open_wanted() {
  withheld_ = false;
  if (suspended_ || paused_ || draining_ || !in_use_) return;
  const int to_start = refill_.to_start(need());
  if (to_start == 0) return;
  if (refill_.backing_off(loop_.now())) {
    if (!retry_timer_.armed()) retry_timer_.arm(refill_.retry_at());
    return;
  }
  for (int i = 0; i < to_start && start_connect(false); ++i) {
  }
}

std::optional<BudgetShare> Pool::take_share(bool urgent) {
  if (!budget_) return BudgetShare();
  if (!budget_->try_take(urgent)) return std::nullopt;
  return BudgetShare(budget_);
}

bool Pool::start_connect(bool for_probe) {
  const auto now = loop_.now();
  auto share = take_share(for_probe || !waiters_.empty());
  if (!share && for_probe) probe_later();
  if (!for_probe) withheld_ = !share;
  if (!share) return false;
  if (for_probe) {
    probe_waits_ = false;
    probe_timer_.disarm();
  }
  auto made = std::make_unique<Slot>(loop_.timers(), [this](Slot& late) { on_limit(late); });
  Slot& slot = slots_.add(std::move(made));
  slot.share = std::move(*share);
  slot.for_probe = for_probe;
  slot.began = now;
  slot.generation = generation_;
  slot.limit.arm(now + options_.connect_timeout + kConnectGrace);
  slot.attempt = connector_->connect(base::Deadline::after(now, options_.connect_timeout),
                                     [this, &slot](Result<std::unique_ptr<Connection>> result) {
                                       connected(slot, std::move(result));
                                     });
  return true;
}

void Pool::connected(Slot& slot, Result<std::unique_ptr<Connection>> result) {
  if (!result) return connect_failed(slot, result.error());
  adopt(slot, std::move(*result));
  const auto took = slot.connect_took;
  std::optional<CloseReason> closed;
  if (slot.for_probe) {
    start_ping(slot, PingPurpose::kProbe);
  } else {
    closed = settle(slot, unfit(slot));
  }
  listener_.on_connect(took, nullptr);
  listener_.on_event(PoolEvent::kConnected, {});
  if (closed) report_closed(*closed);
  serve();
}

void Pool::adopt(Slot& slot, std::unique_ptr<Connection> connection) {
  const auto now = loop_.now();
  slot.limit.disarm();
  slot.attempt.reset();
  slot.connection = std::move(connection);
  slot.connection->on_idle_broken([this, &slot] { on_idle_broken(slot); });
  slot.created = slot.idle_since = slot.alive_at = now;
  slot.connect_took = now - slot.began;
  slot.suspicion = suspicion_;
  draw_dates(slot);
  ++created_;
  refill_.succeeded();
  retry_timer_.disarm();
  last_connect_error_.reset();
  doubt_ = false;
}

void Pool::connect_failed(Slot& slot, const Error& error) {
  const auto now = loop_.now();
  const auto took = now - slot.began;
  if (error.fault == Fault::kOverload) call_ended(ConcurrencyLimit::Call::kOverload);
  const bool of_probe = slot.for_probe;
  const Error kept = error;
  ++connect_errors_;
  refill_.failed(slot.began, now);
  retry_timer_.disarm();  // armed again, for the new moment, when something is wanted
  last_connect_error_ = kept;
  slots_.remove(slot);
  listener_.on_connect(took, &kept);
  listener_.on_event(PoolEvent::kConnectFailed, kept.message);
  if (of_probe) finish_probe(fail(kept));
  serve();
}

bool Pool::abandon_connects() {
  bool of_probe = std::exchange(probe_waits_, false);
  for (auto left = slots_.all().size(); left > 0; --left) {
    Slot& slot = *slots_.all()[left - 1];
    if (slot.state != SlotState::kConnecting) continue;
    of_probe = of_probe || slot.for_probe;
    slots_.remove(slot);
  }
  return of_probe;
}

void Pool::restart_connects() {
  if (abandon_connects()) (void)start_connect(true);
}

void Pool::probe(std::function<void(Status)> probed) {
  if (draining_) return probed(fail(draining()));
  if (probed_) return probed(fail(probe_under_way()));
  const bool room = slots_.total() < options_.max_size;
  if (!room && idle_.empty()) return probed(fail(no_slot_for_probe()));
  touch(loop_.now());
  probed_ = std::move(probed);
  if (room && (start_connect(true) || idle_.empty())) return;
  probe_waits_ = false;
  probe_timer_.disarm();
  Slot& slot = *idle_.newest();
  idle_.remove(slot);
  start_ping(slot, PingPurpose::kProbe);
}

void Pool::probe_later() {
  if (!probe_waits_) probe_timer_.arm(loop_.now() + options_.connect_timeout);
  probe_waits_ = true;
}

void Pool::finish_probe(const Status& status) {
  probe_timer_.disarm();
  if (const auto probed = std::exchange(probed_, nullptr)) probed(status);
}

}  // namespace sluice::pool
