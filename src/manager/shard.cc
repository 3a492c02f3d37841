#include "manager/shard.h"

#include <utility>

#include "manager/execution.h"

namespace sluice::manager {
namespace {

constexpr std::size_t kMostSqlstates = 50;
constexpr std::chrono::seconds kMinute{60};

}  // namespace

Shard::Shard(std::string db_id, const Target& target, const DatabaseOptions& options,
             Dependencies dependencies)
    : db_id_(std::move(db_id)),
      loop_(dependencies.loop),
      connectors_(dependencies.connectors),
      observer_(dependencies.observer),
      random_(dependencies.seed),
      place_(std::move(dependencies.place)),
      options_(options),
      breaker_(options.breaker, random_, loop_.now()),
      budget_(std::move(dependencies.budget)),
      pool_(std::make_unique<pool::Pool>(
          options.pool, pool::Pool::Dependencies{loop_, connectors_.make(target, options, loop_),
                                                 *this, random_, budget_.get()})),
      sessions_({db_id_, loop_, observer_, random_, dependencies.number}),
      breaker_timer_(loop_.timers(), [this] { run_breaker_clock(); }),
      drain_timer_(loop_.timers(), [this] { cancel_all(); }) {
  if (budget_) budget_->serve(pool_.get());
}

Shard::~Shard() = default;

std::optional<Error> Shard::refusal() const {
  if (state_ != DatabaseState::kDraining) return std::nullopt;
  return Error{.code = ErrorCode::kDraining,
               .message = closing_ ? "the database is being closed and takes no new calls"
                                   : "an operator is draining the database; it takes no new calls "
                                     "until it is resumed",
               .retryable = true,
               .db_id = db_id_};
}

// --- the breaker -------------------------------------------------------------------------------

void Shard::follow_breaker() {
  if (!pool_) return;  // a call that came too late; a timer would outlive the shard's worker
  const auto next = breaker_.next_event();
  if (!next) {
    breaker_timer_.disarm();
  } else if (!breaker_timer_.armed() || breaker_timer_.at() != *next) {
    breaker_timer_.arm(*next);
  }
  auto transitions = breaker_.take_transitions();
  if (transitions.empty()) return;
  // Acting later, from the loop: the breaker may have been used in the middle of the pool's work.
  const bool posted = !transitions_.empty();
  for (auto& transition : transitions) transitions_.push_back(std::move(transition));
  if (posted) return;
  loop_.post([weak = weak_from_this()] {
    if (const auto shard = weak.lock()) shard->act_on_transitions();
  });
}

void Shard::act_on_transitions() {
  auto transitions = std::exchange(transitions_, {});
  for (auto& transition : transitions) {
    transition.db_id = db_id_;
    transition_counts_.record(transition);
    observer_.on_breaker_transition(transition);
  }
  if (!pool_) return;
  pool_->suspend_refill(breaker_.refusing());
  if (!breaker_.refusing()) return;
  pool_->suspect_idle();
  sessions_.end_all(SessionEnd::kBreaker);
  pool_->fail_waiters(breaker_.refusal(loop_.now()));
}

void Shard::run_breaker_clock() {
  if (!pool_) return;
  const auto now = loop_.now();
  breaker_.tick(now);
  if (breaker_.probe_due(now)) {
    if (state_ == DatabaseState::kDraining) return;  // no connection until it is resumed
    breaker_.probe_started();
    pool_->probe([weak = weak_from_this()](Status status) {
      const auto shard = weak.lock();
      if (!shard) return;
      shard->breaker_.probe_finished(status ? nullptr : &status.error(), shard->loop_.now());
      shard->follow_breaker();
    });
  }
  follow_breaker();
}

void Shard::force_breaker(BreakerState state, std::optional<base::Duration> duration,
                          std::string reason) {
  breaker_.force(state, duration, std::move(reason), loop_.now());
  follow_breaker();
}

// --- what the pool tells -----------------------------------------------------------------------

void Shard::on_connect(base::Duration took, const Error* error) {
  checked(took, error);
  if (!error) connect_time_.record(took);
  if (error && place_.router && error->fault == Fault::kDatabase) place_.router->doubt();
  breaker_.report_connect(took, error, loop_.now());
  follow_breaker();
}

void Shard::on_ping(base::Duration took, const Error* error) {
  checked(took, error);
  breaker_.report_ping(took, error, loop_.now());
  follow_breaker();
}

void Shard::checked(base::Duration took, const Error* error) {
  if (error) return;
  checked_at_ = loop_.now();
  response_time_ = took;
}

void Shard::on_event(PoolEvent event, std::string_view detail) {
  observer_.on_pool_event(db_id_, event, detail);
}

// --- operations --------------------------------------------------------------------------------

void Shard::configure(const Target& target, const DatabaseOptions& options, bool new_connections) {
  options_ = options;
  breaker_.configure(options.breaker);
  if (!pool_) return;
  pool_->configure(options.pool);
  if (new_connections) pool_->replace_connector(connectors_.make(target, options, loop_));
}

void Shard::pause() {
  if (closing_) return;
  state_ = DatabaseState::kPaused;
  pool_->pause();
  follow_breaker();
}

void Shard::resume() {
  if (closing_) return;
  state_ = DatabaseState::kActive;
  pool_->resume();
  follow_breaker();
}

void Shard::quiesce() {
  if (closing_) return;
  state_ = DatabaseState::kDraining;
  sessions_.end_all(SessionEnd::kDrained);
  pool_->empty(*refusal());
}

void Shard::reconnect() {
  if (pool_) pool_->renew();
}

void Shard::drain(base::Duration patience, std::function<void()> drained) {
  if (!pool_) return loop_.post(std::move(drained));
  closing_ = true;
  state_ = DatabaseState::kDraining;
  if (place_.router) place_.router->close(*refusal());
  drain_timer_.arm(loop_.now() + patience);
  sessions_.end_all(SessionEnd::kDrained);
  pool_->drain([self = shared_from_this(), drained = std::move(drained)] {
    // From the loop: a pool must not be destroyed from inside its own call.
    self->loop_.post([self, drained] {
      self->shut_down();
      drained();
    });
  });
}

void Shard::hurry(base::Duration patience) {
  const auto by = loop_.now() + patience;
  if (drain_timer_.armed() && by < drain_timer_.at()) drain_timer_.arm(by);
}

void Shard::cancel_all() {
  for (const auto& execution : kept_executions()) execution->cancel_for_drain();
}

void Shard::roles_changed() {
  for (const auto& execution : kept_executions()) execution->roles_changed();
}

/// For what may end some of them.
std::vector<std::shared_ptr<Execution>> Shard::kept_executions() const {
  std::vector<std::shared_ptr<Execution>> kept;
  kept.reserve(running_.size());
  for (Execution* execution : running_) kept.push_back(execution->shared_from_this());
  return kept;
}

void Shard::shut_down() {
  breaker_timer_.disarm();
  drain_timer_.disarm();
  if (budget_) budget_->serve(nullptr);
  pool_.reset();
}

// --- bookkeeping -------------------------------------------------------------------------------

void Shard::add(Execution& execution) {
  execution.running_index_ = running_.size();
  running_.push_back(&execution);
}

void Shard::remove(Execution& execution) {
  running_.back()->running_index_ = execution.running_index_;
  running_[execution.running_index_] = running_.back();
  running_.pop_back();
}

void Shard::note_connection(const pool::Connection& connection) {
  if (server_version_.empty()) server_version_ = connection.server_version();
}

void Shard::record(const Error* error, const Timings& timings, Reached reached) {
  const auto now = loop_.now();
  used_at_ = now;
  if (reached == Reached::kNothing) {
    if (error) ++refused_[std::string(to_string(error->code))];
    return;
  }
  ++queries_;
  acquire_time_.record(timings.queue, now);
  query_time_.record(timings.database, now);
  if (pool_) tell_limit(error);
  if (!error) {
    checked_at_ = now;
    return;
  }
  ++errors_;
  failed_time_.record(timings.database, now);
  std::string key(error->sqlstate());
  if (key.empty()) key = to_string(error->code);
  const bool room = errors_by_sqlstate_.size() < kMostSqlstates;
  if (!room && !errors_by_sqlstate_.contains(key)) key = "other";
  ++errors_by_sqlstate_[key];
}

/// What failed for other reasons says nothing of how much the database stands.
void Shard::tell_limit(const Error* error) {
  using Call = pool::ConcurrencyLimit::Call;
  const auto overload = [](const Error& e) {
    return e.fault == Fault::kOverload || e.code == ErrorCode::kQueryTimeout;  // hung ones, too
  };
  if (!error) return pool_->call_ended(Call::kWell);
  if (overload(*error)) pool_->call_ended(Call::kOverload);
}

ShardStats Shard::stats() const {
  const auto now = loop_.now();
  ShardStats stats;
  stats.state = state_;
  if (pool_) stats.pool = pool_->stats();
  stats.breaker = breaker_.status(now);
  stats.queries = queries_;
  stats.errors = errors_;
  stats.recent_errors = failed_time_.count_within(kMinute, now);
  stats.rows = rows_;
  stats.acquire_time.merge(acquire_time_);
  stats.query_time.merge(query_time_);
  stats.connect_time = connect_time_;
  stats.calls.merge(calls_);
  stats.transitions = transition_counts_;
  stats.sessions = sessions_.stats();
  for (const Execution* each : running_) each->count_in(stats.streams);
  stats.refused = refused_;
  stats.errors_by_sqlstate = errors_by_sqlstate_;
  stats.server_version = server_version_;
  if (used_at_) stats.used_ago = now - *used_at_;
  if (checked_at_) stats.checked_ago = now - *checked_at_;
  stats.response_time = response_time_;
  stats.now = now;
  return stats;
}

}  // namespace sluice::manager
