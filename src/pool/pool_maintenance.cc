// What time does to a pool: idle connections that are closed, replaced or pinged; the whole pool
// idling out.
#include <algorithm>
#include <chrono>
#include <string>

#include "pool/pool.h"

namespace sluice::pool {
namespace {

using base::Duration;
using base::TimePoint;

constexpr std::chrono::seconds kSurplusPatience{1};
constexpr std::chrono::seconds kRetireEvery{1};
constexpr double kLongestLifetimeCut = 0.1;
constexpr double kKeepaliveJitter = 0.1;

Duration share_of(Duration whole, double share) {
  return Duration(static_cast<Duration::rep>(static_cast<double>(whole.count()) * share));
}

}  // namespace

void Pool::touch(TimePoint now) {
  active_at_ = now;
  in_use_ = true;
  if (options_.pool_idle_timeout.count() > 0 && !pool_idle_timer_.armed()) {
    pool_idle_timer_.arm(now + options_.pool_idle_timeout);
  }
  const bool shared = clients_.size() > 1;
  if ((watched_ || shared) && !second_timer_.armed())
    second_timer_.arm(now + std::chrono::seconds(1));
}

void Pool::draw_dates(Slot& slot) {
  std::uniform_real_distribution<double> cut(0, kLongestLifetimeCut);
  std::uniform_real_distribution<double> share(1 - kKeepaliveJitter, 1 + kKeepaliveJitter);
  slot.lifetime_cut = cut(random_);
  slot.keepalive_share = share(random_);
  apply_dates(slot);
}

void Pool::apply_dates(Slot& slot) {
  const Duration lifetime = options_.max_lifetime;
  slot.expires = lifetime.count() > 0
                     ? slot.created + lifetime - share_of(lifetime, slot.lifetime_cut)
                     : TimePoint::max();
  slot.keepalive_every = share_of(options_.keepalive, slot.keepalive_share);
}

TimePoint Pool::keepalive_due(const Slot& slot) const {
  if (options_.keepalive.count() <= 0 || keepalive_running_) return TimePoint::max();
  return slot.alive_at + slot.keepalive_every;
}

TimePoint Pool::unneeded_at(const Slot& slot) const {
  if (slots_.live() > options_.max_size) return slot.idle_since + kSurplusPatience;
  const bool spare = slots_.live() > options_.min_size;
  if (spare && options_.idle_timeout.count() > 0) return slot.idle_since + options_.idle_timeout;
  return TimePoint::max();
}

// Only the newcomer and the oldest are looked at, so that giving a connection back stays O(1).
void Pool::wake_for(const Slot& slot) {
  const auto retire = std::max(slot.expires, retire_next_at_);
  const auto due = std::min({retire, keepalive_due(slot), unneeded_at(*idle_.oldest())});
  if (due == TimePoint::max()) return;
  if (!maintenance_timer_.armed() || due < maintenance_timer_.at()) maintenance_timer_.arm(due);
}

void Pool::schedule_maintenance() {
  // While a replacement is awaited, what happened meanwhile is looked at every second.
  auto due = replacing_ ? retire_next_at_ : TimePoint::max();
  if (!idle_.empty()) due = std::min(due, unneeded_at(*idle_.oldest()));
  for (const Slot* slot = idle_.oldest(); slot; slot = slot->newer) {
    due = std::min({due, std::max(slot->expires, retire_next_at_), keepalive_due(*slot)});
  }
  if (due == TimePoint::max()) return maintenance_timer_.disarm();
  maintenance_timer_.arm(due);
}

void Pool::maintain() {
  const auto now = loop_.now();
  std::vector<CloseReason> closed;
  close_unneeded(now, closed);
  retire_expired(now, closed);
  start_keepalive(now);
  schedule_maintenance();
  for (const auto reason : closed) report_closed(reason);
  serve();
}

void Pool::close_unneeded(TimePoint now, std::vector<CloseReason>& closed) {
  while (!idle_.empty() && unneeded_at(*idle_.oldest()) <= now) {
    const bool surplus = slots_.live() > options_.max_size;
    closed.push_back(surplus ? CloseReason::kSurplus : CloseReason::kIdle);
    close(*idle_.oldest(), closed.back());
  }
}

void Pool::retire_expired(TimePoint now, std::vector<CloseReason>& closed) {
  if (now < retire_next_at_) return;
  replacing_ = false;
  Slot* slot = idle_.oldest();
  while (slot && slot->expires > now) slot = slot->newer;
  if (!slot) return;
  retire_next_at_ = now + kRetireEvery;
  const bool needed = slots_.live() <= options_.min_size;
  if (needed && slots_.total() < options_.max_size) {
    replacing_ = true;  // the old one goes when the new one is there
    return;
  }
  close(*slot, CloseReason::kLifetime);
  closed.push_back(CloseReason::kLifetime);
}

// One at a time: the others stay ready to be lent.
void Pool::start_keepalive(TimePoint now) {
  Slot* slot = idle_.oldest();
  while (slot && keepalive_due(*slot) > now) slot = slot->newer;
  if (!slot) return;
  idle_.remove(*slot);
  start_ping(*slot, PingPurpose::kKeepalive);
}

void Pool::on_pool_idle() {
  const auto now = loop_.now();
  const bool busy = slots_.count(SlotState::kLeased) > 0 || !waiters_.empty();
  const auto due = (busy ? now : active_at_) + options_.pool_idle_timeout;
  if (due > now) return pool_idle_timer_.arm(due);
  const bool probe_lost = fall_asleep(CloseReason::kPoolIdle);
  listener_.on_event(PoolEvent::kPoolClosed, "unused for pool.pool_idle_timeout_ms");
  if (probe_lost) finish_probe(fail(probe_dropped()));
  serve();
}

bool Pool::fall_asleep(CloseReason reason) {
  in_use_ = false;
  replacing_ = false;
  refill_.start_slowly();
  retry_timer_.disarm();
  const bool probe_lost = abandon_connects();
  const int count = close_idle(reason);
  maintenance_timer_.disarm();
  report_closed(reason, count);
  return probe_lost;
}

}  // namespace sluice::pool
