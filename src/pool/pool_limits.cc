// Who is refused before their time, and how many connections are lent at once.
#include <chrono>
#include <limits>
#include <string>

#include "pool/pool.h"

namespace sluice::pool {
namespace {

constexpr int kNoLimit = std::numeric_limits<int>::max();

}  // namespace

// --- callers -----------------------------------------------------------------------------------

Prospect Pool::prospect(const Client& client, base::TimePoint now) const {
  if (paused_) return {};
  int slots = std::min(limit(), lendable_);
  if (suspended_ || withheld_ || refill_.backing_off(now)) slots = std::min(slots, slots_.live());
  return {
      .ahead = waiters_.ahead_of(client), .slots = slots, .service_time = service_time_.mean(now)};
}

/// A client may have as much of the queue as if all who wait had the same.
std::optional<Waiter> Pool::make_room_for(const Client& client) {
  const int clients = waiters_.clients() + (client.waiting == 0 ? 1 : 0);
  const int share = std::max(1, options_.effective_max_waiters() / std::max(clients, 1));
  if (client.waiting >= share) return std::nullopt;
  auto out = waiters_.pop_of_longest(share);
  if (out) ++pushed_out_;
  return out;
}

// --- shedding ----------------------------------------------------------------------------------

void Pool::watch_waits(base::TimePoint now) {
  if (!waiters_.empty() && !idle_.empty()) codel_.waited(now - waiters_.oldest_since(), now);
  if (codel_.overloaded()) shed_late(now);
  if (waiters_.empty()) codel_.rest();
  waiters_.newest_first(codel_.overloaded());
}

void Pool::shed_late(base::TimePoint now) {
  const auto longest = codel_.patience();
  while (const auto late = waiters_.pop_from_before(now - longest)) {
    ++shed_;
    late->acquired(fail(shed(load(), now - late->since)));
  }
}

// --- how many are lent -------------------------------------------------------------------------

void Pool::every_second() {
  const auto now = loop_.now();
  const bool used = acquired_ != second_ago_.acquired || slots_.count(SlotState::kLeased) > 0;
  judge_limits();
  judge_shares(now);
  second_ago_ = {acquired_, released_, waited_};
  if (!used && waiters_.empty()) return;  // the next caller starts it again
  second_timer_.arm(now + std::chrono::seconds(1));
  if (options_.adaptive_limit != AdaptiveLimit::kOff) watch_pings(now);
  serve();
}

void Pool::judge_limits() {
  if (options_.adaptive_limit != AdaptiveLimit::kOff) {
    const bool changed = limiter_.judge();
    if (changed && options_.adaptive_limit == AdaptiveLimit::kEnforce) {
      set_lendable(limiter_.reason());
    }
  }
  if (options_.sizing == PoolSizing::kFixed || paused_ || suspended_) return;
  const Sizing::Second second{.served = released_ - second_ago_.released,
                              .waited = waited_ - second_ago_.waited,
                              .waiting = waiters_.size()};
  if (sizing_.observe(second)) set_lendable(sizing_.reason());
}

/// What is lent at this moment was used, too.
void Pool::judge_shares(base::TimePoint now) {
  if (clients_.size() < 2 || !options_.fair_shares) return shares_.forget();
  for (const auto& slot : slots_.all()) {
    if (slot->client) shares_.used(*slot->client, slot->began, now);
  }
  shares_.judge(clients_, std::min(limit(), lendable_), now);
}

void Pool::set_lendable(std::string_view why) {
  const bool limited = options_.adaptive_limit == AdaptiveLimit::kEnforce;
  const bool sized = options_.sizing == PoolSizing::kDynamic;
  watched_ = sized || options_.adaptive_limit != AdaptiveLimit::kOff;
  if (!watched_) second_timer_.disarm();
  const int before = lendable_;
  lendable_ = std::min(limited ? limiter_.limit() : kNoLimit, sized ? sizing_.size() : kNoLimit);
  if (lendable_ == before || why.empty()) return;
  listener_.on_event(PoolEvent::kLimited, std::to_string(std::min(limit(), lendable_)) + " of " +
                                              std::to_string(limit()) +
                                              " connections are lent: " + std::string(why));
}

/// One ping a second tells how fast the database answers, whatever statements it runs. Where every
/// connection is busy, the next one that gets free is asked first; not for reporting alone.
void Pool::watch_pings(base::TimePoint now) {
  for (const auto& slot : slots_.all()) {
    if (slot->state != SlotState::kPinging) continue;
    return limiter_.answered_ping(now - slot->began);  // it takes at least as long
  }
  if (idle_.empty()) {
    canary_wanted_ = options_.adaptive_limit == AdaptiveLimit::kEnforce;
    return;
  }
  Slot& slot = *idle_.oldest();
  idle_.remove(slot);
  start_ping(slot, PingPurpose::kCanary);
}

// --- figures -----------------------------------------------------------------------------------

void Pool::fill_limits(PoolStats& stats) const {
  stats.refused_late = refused_late_;
  stats.shed = shed_;
  stats.pushed_out = pushed_out_;
  stats.overloaded = codel_.overloaded() && !waiters_.empty();
  stats.clients_waiting = waiters_.clients();
  stats.service_time =
      std::chrono::duration_cast<std::chrono::microseconds>(service_time_.mean(loop_.now()));
  stats.lendable = std::min(limit(), lendable_);
  if (options_.adaptive_limit != AdaptiveLimit::kOff) {
    stats.adaptive_limit = limiter_.limit();
    stats.limit_cuts = limiter_.cuts();
    stats.limit_reason = limiter_.reason();
  }
  if (options_.sizing == PoolSizing::kFixed) return;
  stats.best_size = sizing_.best();
  stats.sizing_reason = sizing_.reason();
}

}  // namespace sluice::pool
