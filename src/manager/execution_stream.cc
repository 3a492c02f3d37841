// A call's rows on their way to its sink, and what is different when that asks for pauses.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "manager/execution.h"
#include "manager/shard.h"

namespace sluice::manager {
namespace {

/// A cancel needs a moment, too.
base::Duration margin_of(base::Duration silence) {
  return std::min<base::Duration>(silence / 10, std::chrono::milliseconds(100));
}

}  // namespace

void Execution::on_columns(const std::vector<Column>& columns) {
  began_answering_ = true;
  // The database works; a trial of it must not last as long as somebody reads.
  if (is_stream() && shard_->breaker().state() == BreakerState::kHalfOpen) {
    permit_.settle(nullptr, shard_->loop().now());
    permit_ = {};
    shard_->follow_breaker();
  }
  if (!answered_ && plan_.steps[step_].sink) plan_.steps[step_].sink->on_columns(columns);
}

RowVerdict Execution::on_row(std::span<const Cell> cells) {
  if (answered_ || !plan_.steps[step_].sink) return RowVerdict::kContinue;
  if (is_stream()) heard_at_ = shard_->loop().now();
  const RowVerdict verdict = plan_.steps[step_].sink->on_row(cells);
  if (verdict != RowVerdict::kPause) return verdict;
  if (!may_pause() || cancel_sent_) return RowVerdict::kContinue;
  pause();
  return verdict;
}

void Execution::on_lull() {
  if (!answered_ && plan_.steps[step_].sink) plan_.steps[step_].sink->on_lull();
}

bool Execution::may_pause() const {
  const auto& sink = plan_.steps[std::min(step_, plan_.steps.size() - 1)].sink;
  return sink && sink->may_pause();
}

void Execution::pause() {
  paused_at_ = shard_->loop().now();
  plan_.steps[step_].sink->on_paused([weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self) return;
    base::EventLoop& home = self->home_;
    home.post([self = std::move(self)] { self->resume(); });
  });
}

void Execution::resume() {
  if (!paused_at_) return;
  end_pause();
  if (state_ == State::kRunning && lease_) lease_.connection().resume();
}

void Execution::end_pause() {
  if (!paused_at_) return;
  heard_at_ = shard_->loop().now();
  const auto pause = heard_at_ - *paused_at_;
  paused_at_.reset();
  paused_for_ += pause;
  lease_.leave_out(pause);
}

base::Duration Execution::running_time() const {
  const auto now = shard_->loop().now();
  const auto pause = paused_at_ ? now - *paused_at_ : base::Duration::zero();
  return now - sent_at_ - paused_for_ - pause;
}

void Execution::arm_for_silence() {
  arm(Alarm::kCancel);
  const auto heard = paused_at_ ? shard_->loop().now() : heard_at_;
  const auto silent_at = heard + plan_.silence - margin_of(plan_.silence);
  if (silent_at >= timer_.at()) return;
  alarm_ = Alarm::kSilent;
  timer_.arm(silent_at);
}

/// From here on it is as late as a call whose deadline is near.
void Execution::on_silence() {
  const auto now = shard_->loop().now();
  const auto margin = margin_of(plan_.silence);
  if (paused_at_ || now < heard_at_ + plan_.silence - margin) return arm_for_silence();
  plan_.timeout = plan_.silence;
  plan_.deadline = base::Deadline(now + margin);
  alarm_ = Alarm::kCancel;
  on_alarm();
}

}  // namespace sluice::manager
