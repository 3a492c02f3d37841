#include "pool/pool.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <string>
#include <utility>

namespace sluice::pool {
namespace {

// How long a connection may be silent and still be lent without a ping (PrePing::kAuto).
constexpr std::chrono::seconds kTrustedFor{30};
// How long a connection is kept while others of its pool wait, though another pool needs it.
constexpr std::chrono::milliseconds kTenure{100};

}  // namespace

Pool::Pool(const PoolOptions& options, Dependencies dependencies)
    : loop_(dependencies.loop),
      connector_(std::move(dependencies.connector)),
      listener_(dependencies.listener),
      random_(dependencies.random),
      budget_(dependencies.budget),
      options_(options),
      waiters_(loop_.timers(), [this](WaiterId id) { on_waiter_deadline(id); }),
      shares_(loop_.now()),
      refill_(random_),
      limiter_(limit()),
      sizing_(options_.max_size),
      second_timer_(loop_.timers(), [this] { every_second(); }),
      overdue_timer_(loop_.timers(), [this] { forget_overdue(); }),
      retry_timer_(loop_.timers(), [this] { serve(); }),
      maintenance_timer_(loop_.timers(), [this] { maintain(); }),
      pool_idle_timer_(loop_.timers(), [this] { on_pool_idle(); }),
      probe_timer_(loop_.timers(),
                   [this] {
                     probe_waits_ = false;
                     finish_probe(fail(no_leave_for_probe(options_.connect_timeout)));
                   }),
      last_used_(loop_.now()),
      active_at_(last_used_) {
  set_lendable({});
}

Pool::~Pool() { assert(slots_.count(SlotState::kLeased) == 0); }

// --- borrowing ---------------------------------------------------------------------------------

WaiterId Pool::acquire(base::Deadline deadline, Acquired acquired, const Errand* errand,
                       ClientId client) {
  const auto now = loop_.now();
  if (draining_) return refuse(draining(), acquired);
  last_used_ = now;
  touch(now);
  if (deadline.expired(now)) {
    ++acquire_timeouts_;
    return refuse(acquire_timeout(load(), base::Duration::zero()), acquired);
  }
  Waiter waiter{std::move(acquired), now, errand};
  const auto name_client = [&] {
    waiter.client = &clients_.of(options_.fair_shares ? client : ClientId{0});
  };
  if (!paused_ && may_lend() && is_next(client) && !worth_waiting(errand)) {
    if (Slot* slot = take_ready(now)) {
      name_client();
      lend(*slot, waiter);
      return 0;
    }
  }
  name_client();
  return enqueue(std::move(waiter), deadline);
}

/// Nobody barges in: who comes while others wait has to wait, too, unless these are greedy.
bool Pool::is_next(ClientId client) {
  if (!others_first()) return waiters_.empty();
  if (clients_.of(client).greedy) return false;
  return waiters_.empty() || !waiters_.give_turn(fair_share(), true);
}

WaiterId Pool::enqueue(Waiter waiter, base::Deadline deadline) {
  const auto now = waiter.since;
  if (!paused_ && refill_.backing_off(now) && slots_.live() == 0 && last_connect_error_) {
    return refuse(not_reachable(*last_connect_error_, refill_.retry_at() - now), waiter.acquired);
  }
  if (!waiters_.empty()) {
    auto expected = prospect(*waiter.client, now);
    expected.patience = deadline.remaining(now);
    if (expected.hopeless()) {
      ++refused_late_;
      return refuse(turn_too_late(expected), waiter.acquired);
    }
  }
  std::optional<Waiter> out;
  if (waiters_.size() >= options_.effective_max_waiters()) {
    out = make_room_for(*waiter.client);
    if (!out) return refuse(queue_full(load()), waiter.acquired);
  }
  // Those who waited may have left by themselves.
  if (waiters_.empty() && codel_.overloaded()) codel_.rest();
  const WaiterId id = waiters_.push(std::move(waiter), deadline);
  if (out) out->acquired(fail(pushed_out(load())));
  serve();
  return waiters_.contains(id) ? id : 0;
}

WaiterId Pool::refuse(const Error& error, const Acquired& acquired) {
  acquired(fail(error));
  return 0;
}

void Pool::cancel(WaiterId waiter) {
  // Its function is destroyed last: whatever that releases finds the queue in order.
  const auto forgotten = waiters_.remove(waiter);
}

Slot* Pool::take_ready(base::TimePoint now) {
  for (;;) {
    Slot* slot = idle_.newest();
    while (slot && slot->expires > now && must_ping(*slot, now)) slot = slot->older;
    if (!slot) return nullptr;
    if (slot->expires > now) {
      idle_.remove(*slot);
      slots_.change(*slot, SlotState::kLeased);
      note_idle();
      return slot;
    }
    close(*slot, CloseReason::kLifetime);
    report_closed(CloseReason::kLifetime);
  }
}

bool Pool::must_ping(const Slot& slot, base::TimePoint now) const {
  switch (options_.pre_ping) {
    case PrePing::kNever:
      return false;
    case PrePing::kAlways:
      return slot.alive_at != now || slot.suspicion != suspicion_;
    case PrePing::kAuto:
      return slot.suspicion != suspicion_ || now - slot.alive_at > kTrustedFor;
  }
  return true;
}

void Pool::lend(Slot& slot, const Waiter& to, bool first_of_batch) {
  const auto now = loop_.now();
  const bool opened_for_it = slot.uses == 0 && slot.created == now;
  if (!slot.client) {
    slot.client = to.client;
    ++slot.client->lent;
    slot.client->most = std::max(slot.client->most, slot.client->lent);
    shares_.lent(*slot.client);
    slot.began = now;
    set_brief(slot, to.errand && slot.connection->short_read(*to.errand));
  }
  ++slot.users;
  ++slot.company;
  ++slot.uses;
  ++acquired_;
  Lease lease(*this, slot);
  lease.first_of_batch_ = first_of_batch;
  if (opened_for_it) lease.connect_time_ = std::min(slot.connect_took, now - to.since);
  listener_.on_event(PoolEvent::kAcquired, {});
  to.acquired(std::move(lease));
}

// --- giving back -------------------------------------------------------------------------------

void Pool::give_back(Slot& slot) {
  const auto now = loop_.now();
  ++released_;
  last_used_ = active_at_ = now;
  slot.alive_at = now;
  if (--slot.users > 0) return listener_.on_event(PoolEvent::kReleased, {});
  const auto closed = free(slot);
  listener_.on_event(PoolEvent::kReleased, {});
  if (closed) report_closed(*closed);
  serve();
}

void Pool::note_use(const Slot& slot) {
  const auto now = loop_.now();
  const auto taken = now - slot.began;
  service_time_.record(taken, slot.company, now);
  if (options_.shedding == Shedding::kCodel) codel_.served(taken);
}

std::optional<CloseReason> Pool::free(Slot& slot) {
  if (!std::exchange(slot.kept, false)) note_use(slot);
  set_brief(slot, false);
  Client& client = *std::exchange(slot.client, nullptr);
  --client.lent;
  shares_.given_back(client);
  shares_.used(client, slot.began, loop_.now());
  slot.company = 0;
  slot.idle_since = loop_.now();
  slot.suspicion = suspicion_;
  const auto reason = unfit(slot);
  if (!slot.spoiled && !slot.connection->broken() && !reason &&
      slot.connection->needs_reset(options_.reset)) {
    start_reset(slot);
    return std::nullopt;
  }
  return settle(slot, reason);
}

std::optional<CloseReason> Pool::unwanted(const Slot& slot) const {
  if (draining_) return CloseReason::kDrained;
  if (slot.generation != generation_) return CloseReason::kRenewed;
  if (!in_use_) return CloseReason::kPoolIdle;
  if (options_.max_queries > 0 && slot.uses >= options_.max_queries) {
    return CloseReason::kMaxQueries;
  }
  if (budget_ && owes(slot)) return CloseReason::kYielded;
  const int others = slots_.live() - (slot.state == SlotState::kConnecting ? 0 : 1);
  if (others >= limit()) return CloseReason::kSurplus;
  return std::nullopt;
}

/// A connection whose place another pool waits for still serves some callers of this one, or else
/// both would do little but open and close.
bool Pool::owes(const Slot& slot) const {
  const bool served = waiters_.empty() || loop_.now() - slot.created >= kTenure;
  return served && budget_->should_yield();
}

std::optional<CloseReason> Pool::unfit(const Slot& slot) const {
  if (const auto reason = unwanted(slot)) return reason;
  if (slot.expires <= loop_.now()) return CloseReason::kLifetime;
  return std::nullopt;
}

// --- waiters -----------------------------------------------------------------------------------

void Pool::on_waiter_deadline(WaiterId id) {
  auto waiter = waiters_.remove(id);
  if (!waiter) return;
  ++acquire_timeouts_;
  const auto waited = loop_.now() - waiter->since;
  waiter->acquired(fail(paused_ ? paused(waited) : acquire_timeout(load(), waited)));
}

void Pool::fail_waiters(const Error& error) { fail_all(error); }

void Pool::fail_all(const Error& error) {
  const Error kept = error;  // the caller's may go with whatever the callbacks destroy
  const auto last = waiters_.last_ticket();
  // Who comes back while the others are told is not among them.
  while (const auto waiter = waiters_.pop_up_to(last)) waiter->acquired(fail(kept));
}

void Pool::serve() {
  if (serving_) {
    serve_again_ = true;
    return;
  }
  serving_ = true;
  do {
    serve_again_ = false;
    hand_out();
    ping_for_waiters();
    open_wanted();
    if (const auto now = loop_.now(); hopeless(now)) {
      fail_all(not_reachable(*last_connect_error_, refill_.retry_at() - now));
    }
  } while (serve_again_);
  serving_ = false;
  finish_drain();
}

void Pool::hand_out() {
  const auto now = loop_.now();
  held_ = false;
  if (options_.shedding != Shedding::kOff) watch_waits(now);
  while (!waiters_.empty() && !paused_ && may_lend()) {
    if (others_first() && !waiters_.give_turn(fair_share(), true)) {
      held_ = true;  // until one of theirs comes back, or shares are judged again
      return;
    }
    if (worth_waiting(waiters_.first_errand())) return hold();
    Slot* slot = take_ready(now);
    if (waiters_.empty()) {  // the listener cancelled it meanwhile
      if (slot) make_idle(*slot);
      return;
    }
    if (!slot) return;
    lend_to_waiters(*slot);
  }
}

bool Pool::hopeless(base::TimePoint now) const {
  return !waiters_.empty() && !paused_ && slots_.live() == 0 && refill_.backing_off(now) &&
         last_connect_error_.has_value();
}

// --- figures -----------------------------------------------------------------------------------

Load Pool::load() const {
  return {.used = slots_.count(SlotState::kLeased),
          .connecting = slots_.count(SlotState::kConnecting),
          .cleaning = slots_.count(SlotState::kResetting) + slots_.count(SlotState::kPinging) +
                      slots_.count(SlotState::kClosing),
          .limit = limit(),
          .waiting = waiters_.size(),
          .suspended = suspended_,
          .lendable = std::min(limit(), lendable_),
          .kept = others_first() ? shares_.kept() : 0,
          .withheld = withheld_};
}

PoolStats Pool::stats() const {
  const Load now = load();
  PoolStats stats;
  stats.idle = slots_.count(SlotState::kIdle);
  stats.used = now.used;
  stats.connecting = now.connecting;
  stats.cleaning = now.cleaning;
  stats.overflow = std::max(0, slots_.total() - options_.max_size);
  stats.waiting = now.waiting;
  if (!waiters_.empty()) {
    stats.oldest_wait =
        std::chrono::floor<std::chrono::milliseconds>(loop_.now() - waiters_.oldest_since());
  }
  stats.connections_created = created_;
  for (std::size_t reason = 0; reason < kCloseReasons; ++reason) {
    stats.connections_closed[std::string(to_string(static_cast<CloseReason>(reason)))] =
        closed_[reason];
  }
  stats.connect_errors = connect_errors_;
  stats.acquired = acquired_;
  stats.released = released_;
  stats.acquire_timeouts = acquire_timeouts_;
  stats.withheld = withheld_ && now.waiting > 0;
  fill_limits(stats);
  return stats;
}

base::TimePoint Pool::last_used() const { return last_used_; }

}  // namespace sluice::pool
