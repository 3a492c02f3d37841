// Connections that are neither idle nor lent: pinged, cleaned, closed.
#include <chrono>
#include <utility>

#include "pool/pool.h"

namespace sluice::pool {
namespace {

constexpr std::chrono::seconds kPingLimit{1};
constexpr std::chrono::seconds kCanaryLimit{5};  // it is to find out how slow pings are
constexpr std::chrono::seconds kResetLimit{5};
constexpr std::chrono::seconds kCloseLimit{2};

}  // namespace

void Pool::make_idle(Slot& slot) {
  slots_.change(slot, SlotState::kIdle);
  idle_.insert(slot);
  wake_for(slot);
  note_idle();
}

void Pool::note_idle() {
  if (budget_) budget_->idle_changed(slots_.count(SlotState::kIdle));
}

std::optional<CloseReason> Pool::settle(Slot& slot, std::optional<CloseReason> reason) {
  if (slot.spoiled || slot.connection->broken()) reason = CloseReason::kBroken;
  if (reason) {
    close(slot, *reason);
  } else if (std::exchange(canary_wanted_, false)) {
    start_ping(slot, PingPurpose::kCanary);
  } else {
    make_idle(slot);
  }
  return reason;
}

// --- pings -------------------------------------------------------------------------------------

void Pool::ping_for_waiters() {
  if (paused_ || held_) return;
  const auto may_ping = [this] {
    const int pinging = slots_.count(SlotState::kPinging);
    return pinging < waiters_.size() && pinging + slots_.count(SlotState::kLeased) < lendable_;
  };
  while (!idle_.empty() && may_ping()) {
    Slot& slot = *idle_.newest();
    idle_.remove(slot);
    start_ping(slot, PingPurpose::kBorrow);
  }
}

void Pool::start_ping(Slot& slot, PingPurpose purpose) {
  const auto now = loop_.now();
  slots_.change(slot, SlotState::kPinging);
  slot.ping_purpose = purpose;
  slot.began = now;
  slot.limit.arm(now + kPingLimit);
  if (purpose == PingPurpose::kKeepalive) keepalive_running_ = true;
  slot.connection->ping([this, &slot](const Status& status) { ping_ended(slot, status); });
}

void Pool::ping_ended(Slot& slot, const Status& status) {
  if (!status) return ping_failed(slot, status.error());
  const auto now = loop_.now();
  const auto took = now - slot.began;
  const auto purpose = slot.ping_purpose;
  slot.limit.disarm();
  slot.alive_at = now;
  slot.suspicion = suspicion_;
  doubt_ = false;
  if (purpose == PingPurpose::kKeepalive) keepalive_running_ = false;
  limiter_.answered_ping(took);
  // An old one stays: the reaper takes them one by one, and sees to the replacement.
  const auto closed = settle(slot, unwanted(slot));
  schedule_maintenance();
  listener_.on_ping(took, nullptr);
  if (closed) report_closed(*closed);
  if (purpose == PingPurpose::kProbe) finish_probe({});
  serve();
}

void Pool::ping_failed(Slot& slot, const Error& error) {
  const auto took = loop_.now() - slot.began;
  const auto purpose = slot.ping_purpose;
  const Error kept = error;
  // Whatever silenced this one may have silenced the others.
  ++suspicion_;
  doubt_ = true;
  if (purpose == PingPurpose::kKeepalive) keepalive_running_ = false;
  close(slot, CloseReason::kPingFailed);
  schedule_maintenance();
  listener_.on_ping(took, &kept);
  report_closed(CloseReason::kPingFailed);
  if (purpose == PingPurpose::kProbe) finish_probe(fail(kept));
  serve();
}

// --- cleaning ----------------------------------------------------------------------------------

void Pool::start_reset(Slot& slot) {
  slots_.change(slot, SlotState::kResetting);
  slot.began = loop_.now();
  slot.limit.arm(slot.began + kResetLimit);
  slot.connection->reset(options_.reset,
                         [this, &slot](const Status& status) { reset_ended(slot, status); });
}

void Pool::reset_ended(Slot& slot, const Status& status) {
  slot.limit.disarm();
  std::optional<CloseReason> closed = CloseReason::kResetFailed;
  if (status) {
    slot.alive_at = loop_.now();
    slot.suspicion = suspicion_;
    service_time_.record(slot.alive_at - slot.began, 0, slot.alive_at);
    closed = settle(slot, unfit(slot));
  } else {
    close(slot, CloseReason::kResetFailed);
  }
  if (closed) report_closed(*closed);
  serve();
}

// --- closing -----------------------------------------------------------------------------------

void Pool::close(Slot& slot, CloseReason reason) {
  ++closed_[static_cast<std::size_t>(reason)];
  if (slot.state == SlotState::kIdle) idle_.remove(slot);
  const bool politely = reason != CloseReason::kBroken && reason != CloseReason::kPingFailed &&
                        reason != CloseReason::kResetFailed;
  if (!politely) return slots_.remove(slot);
  // The slot stays taken until the server has let go, or else the server would have more than
  // max_size connections of ours for a while.
  slots_.change(slot, SlotState::kClosing);
  slot.limit.arm(loop_.now() + kCloseLimit);
  slot.connection->close([this, &slot] { closed(slot); });
}

void Pool::closed(Slot& slot) {
  slots_.remove(slot);
  serve();
}

int Pool::close_idle(CloseReason reason) {
  int count = 0;
  for (; !idle_.empty(); ++count) close(*idle_.oldest(), reason);
  return count;
}

void Pool::report_closed(CloseReason reason, int times) {
  for (; times > 0; --times) listener_.on_event(PoolEvent::kClosed, to_string(reason));
}

void Pool::on_idle_broken(Slot& slot) {
  if (slot.state == SlotState::kLeased) slot.spoiled = true;
  if (slot.state != SlotState::kIdle) return;
  close(slot, CloseReason::kBroken);
  report_closed(CloseReason::kBroken);
  serve();
}

/// It may go on, but nobody counts on it any more.
bool Pool::is_slow_canary(Slot& slot) {
  const auto until = slot.began + kCanaryLimit;
  if (slot.ping_purpose != PingPurpose::kCanary || loop_.now() >= until) return false;
  doubt_ = true;
  slot.limit.arm(until);
  serve();
  return true;
}

void Pool::on_limit(Slot& slot) {
  switch (slot.state) {
    case SlotState::kConnecting:
      return connect_failed(slot, silent_connect(loop_.now() - slot.began));
    case SlotState::kPinging:
      if (is_slow_canary(slot)) return;
      return ping_failed(slot, silent_ping(loop_.now() - slot.began));
    case SlotState::kResetting:
      close(slot, CloseReason::kResetFailed);
      report_closed(CloseReason::kResetFailed);
      return serve();
    case SlotState::kClosing:
      return closed(slot);
    case SlotState::kIdle:
    case SlotState::kLeased:
      return;
  }
}

}  // namespace sluice::pool
