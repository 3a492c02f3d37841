// What others may see of a call.
#include <algorithm>
#include <chrono>
#include <vector>

#include "manager/client_sessions.h"
#include "manager/execution.h"
#include "manager/shard.h"

namespace sluice::manager {
namespace {

constexpr std::size_t kMostHolders = 3;

std::chrono::microseconds micros(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

}  // namespace

std::optional<LiveCall> Execution::look() const {
  if (answered_ || state_ == State::kNew || state_ == State::kEnded) return std::nullopt;
  const auto now = shard_->loop().now();
  const Query& query = plan_.steps[std::min(step_, plan_.steps.size() - 1)].query;
  LiveCall call;
  call.number = number_;
  call.db_id = shard_->db_id();
  call.sql = query.sql.substr(0, LiveCall::kLongestSql);
  call.phase = phase();
  call.elapsed = micros(now - queued_at_);
  call.queued = micros((state_ == State::kRunning ? sent_at_ : now) - queued_at_);
  call.read_only = query.read_only;
  if (!plan_.origin) return call;
  call.actor = plan_.origin->actor;
  call.client = plan_.origin->client;
  call.request_id = plan_.origin->request_id;
  return call;
}

LiveCall::Phase Execution::phase() const {
  if (state_ != State::kRunning) return LiveCall::Phase::kQueued;
  return paused_at_ ? LiveCall::Phase::kPaused : LiveCall::Phase::kRunning;
}

void Execution::count_in(StreamStats& streams) const {
  if (!is_stream() || answered_ || state_ != State::kRunning) return;
  ++(paused_at_ ? streams.paused : streams.running);
}

std::optional<base::TimePoint> Execution::holds_since() const {
  if (state_ != State::kRunning) return std::nullopt;
  return sent_at_;
}

Holder Execution::as_holder(const Asker& asker) const {
  Holder holder;
  holder.age = std::chrono::floor<std::chrono::milliseconds>(shard_->loop().now() - sent_at_);
  // Who made it may be gone once it has been answered.
  if (!asker.may_see(client_) || answered_) return holder;
  holder.statement = plan_.steps[std::min(step_, plan_.steps.size() - 1)].query.sql.substr(
      0, LiveCall::kLongestSql);
  if (!plan_.origin) return holder;
  holder.client = client_name(*plan_.origin);
  holder.request_id = plan_.origin->request_id;
  return holder;
}

/// Looks at all that runs: only for callers that fail anyway.
void Execution::name_holders(Error& error) const {
  const Asker asker{client_, plan_.origin && plan_.origin->sees_others};
  std::vector<Holder> holding;
  for (const Execution* each : shard_->executions()) {
    if (each->holds_since()) holding.push_back(each->as_holder(asker));
  }
  for (const auto& [id, session] : shard_->sessions().all()) {
    if (session->holds_since()) holding.push_back(session->as_holder(asker));
  }
  std::ranges::stable_sort(holding, std::ranges::greater(), &Holder::age);
  if (holding.size() > kMostHolders) holding.resize(kMostHolders);
  error.holders = std::move(holding);
}

}  // namespace sluice::manager
