#include "manager/topology.h"

#include <algorithm>
#include <utility>

namespace sluice::manager {
namespace {

constexpr std::size_t kMostMilestones = 512;
constexpr int kSmoothing = 4;  // a new round trip counts for a quarter

base::Duration smoothed(base::Duration before, base::Duration now) {
  return before.count() == 0 ? now : before + (now - before) / kSmoothing;
}

std::string role_in_words(const HostView& host) {
  if (!host.seen) return "was not looked at yet";
  if (!host.up) return "is down (" + host.problem + ")";
  switch (host.role) {
    case HostRole::kPrimary:
      return "is the primary";
    case HostRole::kReplica:
      return "is a replica";
    case HostRole::kConflict:
      return "takes writes, but another host has overtaken it";
    case HostRole::kUnknown:
      break;
  }
  return "is unknown";
}

}  // namespace

bool TopologyView::complete() const {
  return std::ranges::all_of(hosts, [](const HostView& host) { return host.seen; });
}

std::string TopologyView::in_words() const {
  std::string text;
  for (const HostView& host : hosts) {
    text += (text.empty() ? "" : ", ") + host.name + " " + role_in_words(host);
  }
  return text;
}

Topology::Topology(std::string db_id, const std::vector<std::string>& hosts)
    : db_id_(std::move(db_id)), hosts_(hosts.size()) {
  for (std::size_t i = 0; i < hosts.size(); ++i) hosts_[i].view.name = hosts[i];
}

void Topology::saw(std::size_t host, const HostFacts& facts, base::TimePoint now) {
  State& state = hosts_[host];
  HostView& view = state.view;
  if (view.seen && !view.up) tell(host, "up", "it answers again");
  state.facts = facts;
  view.up = view.known = view.seen = true;
  view.problem.clear();
  view.seen_at = facts.began;
  view.tells_lag = facts.position.has_value();
  if (facts.round_trip) view.round_trip = smoothed(view.round_trip, *facts.round_trip);
  judge();
  if (primary_ == host) remember_primary(now);
}

void Topology::missed(std::size_t host, const std::string& problem, bool up) {
  State& state = hosts_[host];
  const bool news = (state.view.up || !state.view.seen) && !up;
  state.view.seen = true;
  state.view.known = false;
  state.view.up = up;
  state.view.problem = problem;
  if (up) return;
  state.facts.reset();
  if (news) tell(host, "down", problem);
  judge();
}

void Topology::forget() {
  for (State& host : hosts_) {
    host.facts.reset();
    host.view.role = HostRole::kUnknown;
    host.view.up = host.view.known = host.view.seen = false;
  }
  primary_.reset();
  milestones_.clear();
}

void Topology::judge() {
  primary_ = elect();
  if (primary_) {
    if (last_primary_ != primary_) milestones_.clear();
    last_primary_ = primary_;
    highest_timeline_ = std::max(highest_timeline_, hosts_[*primary_].facts->timeline.value_or(0));
  }
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    HostView& view = hosts_[i].view;
    const HostRole role = role_of(i);
    view.read_only = hosts_[i].facts && hosts_[i].facts->read_only;
    if (role == view.role) continue;
    view.role = role;
    if (role != HostRole::kUnknown)
      tell(i, std::string(to_string(role)), "it " + role_in_words(view));
  }
}

/// One that takes writes; if none does, one that at least follows nobody.
std::optional<std::size_t> Topology::elect() const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const auto& facts = hosts_[i].facts;
    if (!facts || facts->in_recovery) continue;
    if (facts->timeline && *facts->timeline < highest_timeline_) continue;
    if (!best || beats(i, *best)) best = i;
  }
  return best;
}

bool Topology::beats(std::size_t a, std::size_t b) const {
  const HostFacts& one = *hosts_[a].facts;
  const HostFacts& other = *hosts_[b].facts;
  if (one.read_only != other.read_only) return other.read_only;
  if (one.timeline && other.timeline && *one.timeline != *other.timeline)
    return *one.timeline > *other.timeline;
  if (one.position && other.position && *one.position != *other.position)
    return *one.position > *other.position;
  return last_primary_ == a;
}

HostRole Topology::role_of(std::size_t host) const {
  const auto& facts = hosts_[host].facts;
  if (!facts) return HostRole::kUnknown;
  if (facts->in_recovery) return HostRole::kReplica;
  return primary_ == host ? HostRole::kPrimary : HostRole::kConflict;
}

void Topology::remember_primary(base::TimePoint now) {
  const HostFacts& facts = *hosts_[*primary_].facts;
  if (!facts.position) return;
  // When it was there for certain: not after the look began.
  milestones_.push_back({std::min(facts.began, now), *facts.position, facts.clock});
  if (milestones_.size() > kMostMilestones) milestones_.pop_front();
}

/// The best of two upper bounds: it has replayed what the primary had written at some moment, and
/// the last transaction that it has replayed was committed at some moment.
std::optional<base::Duration> Topology::lag_of(const State& host, base::TimePoint now) const {
  if (!host.view.known || !host.facts || !host.facts->position) return std::nullopt;
  const auto replayed = [&](const Milestone& mark) {
    return mark.position <= *host.facts->position;
  };
  const auto reached = std::find_if(milestones_.rbegin(), milestones_.rend(), replayed);
  const bool behind = milestones_.empty() || reached != milestones_.rbegin();
  if (!behind) return base::Duration::zero();
  std::optional<base::Duration> lag = age_of_replayed(*host.facts, now);
  if (reached == milestones_.rend()) return lag;
  const base::Duration since = now - reached->at;
  return std::min(lag.value_or(since), since);
}

/// By the primary's clock, which has stamped it; by the replica's own where none was ever seen.
std::optional<base::Duration> Topology::age_of_replayed(const HostFacts& facts,
                                                        base::TimePoint now) const {
  const auto clock = milestones_.empty() ? facts.clock : milestones_.back().clock;
  const auto read_at = milestones_.empty() ? facts.began : milestones_.back().at;
  if (!clock || !facts.replayed) return std::nullopt;
  const std::chrono::microseconds then(*clock - *facts.replayed);
  return std::max<base::Duration>(then + (now - read_at), base::Duration(1));
}

TopologyView Topology::view(base::TimePoint now) const {
  TopologyView view;
  view.primary = primary_;
  for (const State& host : hosts_) {
    view.hosts.push_back(host.view);
    if (host.view.role == HostRole::kReplica) view.hosts.back().lag = lag_of(host, now);
  }
  return view;
}

void Topology::tell(std::size_t host, std::string what, std::string explanation) {
  events_.push_back({db_id_, hosts_[host].view.name, std::move(what), std::move(explanation)});
}

std::vector<HostEvent> Topology::take_events() { return std::exchange(events_, {}); }

}  // namespace sluice::manager
