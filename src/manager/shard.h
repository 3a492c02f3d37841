#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/histogram.h"
#include "base/random.h"
#include "breaker/breaker.h"
#include "manager/budget.h"
#include "manager/call_metrics.h"
#include "manager/client_sessions.h"
#include "manager/router.h"
#include "manager/transition_counts.h"
#include "pool/pool.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/stats.h"
#include "sluice/target.h"

namespace sluice::manager {

class Execution;

/// What a shard contributes to its database's DatabaseStats.
struct ShardStats {
  DatabaseState state = DatabaseState::kActive;
  PoolStats pool;
  BreakerStatus breaker;
  std::int64_t queries = 0;
  std::int64_t errors = 0;
  std::int64_t recent_errors = 0;
  std::int64_t rows = 0;
  base::LatencyRecorder acquire_time;
  base::LatencyRecorder query_time;
  base::DurationCounts connect_time;
  CallMetrics calls;
  TransitionCounts transitions;
  SessionStats sessions;
  StreamStats streams;
  std::map<std::string, std::int64_t> refused;
  std::map<std::string, std::int64_t> errors_by_sqlstate;
  std::string server_version;
  std::optional<base::Duration> used_ago;
  std::optional<base::Duration> checked_ago;
  base::Duration response_time{};
  base::TimePoint now{};  ///< the moment of the snapshot, for the recorders
};

/// Which of several hosts a shard connects to.
struct HostPlace {
  std::shared_ptr<Router> router;  ///< null: there is only one host
  std::size_t index = 0;
  std::string name;  ///< "db2:5432"; empty: there is only one
};

/// One database on one worker, or one of its hosts: its pool and its breaker, joined. The only
/// place that knows both. Everything but `loop`, `db_id` and the constructor's thread is the loop's
/// thread: constructed, used and shut down there; nothing blocks.
class Shard final : public pool::PoolListener, public std::enable_shared_from_this<Shard> {
 public:
  struct Dependencies {
    base::EventLoop& loop;
    pool::ConnectorFactory& connectors;
    Observer& observer;
    std::uint64_t seed;
    HostPlace place = {};
    std::shared_ptr<BudgetMember> budget = nullptr;  ///< its part in the gateway's; null: no limit
    std::size_t number = 0;                          ///< among its database's shards
  };

  /// `options` hold this shard's part of the pool's limits.
  Shard(std::string db_id, const Target& target, const DatabaseOptions& options,
        Dependencies dependencies);
  ~Shard() override;

  [[nodiscard]] const std::string& db_id() const { return db_id_; }
  [[nodiscard]] base::EventLoop& loop() const { return loop_; }

  [[nodiscard]] const HostPlace& place() const { return place_; }
  [[nodiscard]] const DatabaseOptions& options() const { return options_; }
  [[nodiscard]] breaker::Breaker& breaker() { return breaker_; }
  [[nodiscard]] pool::Pool& pool() { return *pool_; }
  /// Why nothing can be started any more; empty while it can.
  [[nodiscard]] std::optional<Error> refusal() const;

  /// Acts on what the breaker did and wants next: tells the observer, fails waiters, starts probes.
  /// Called after every use of the breaker.
  void follow_breaker();

  void configure(const Target& target, const DatabaseOptions& options, bool new_connections);
  void force_breaker(BreakerState state, std::optional<base::Duration> duration,
                     std::string reason);
  void pause();
  void resume();
  void reconnect();
  /// Calls that wait here may belong elsewhere now.
  void roles_changed();
  /// Takes nothing new, lets what runs finish and closes every connection, until resumed.
  void quiesce();
  /// Takes nothing new; cancels what still runs after `patience`; then closes and calls `drained`.
  void drain(base::Duration patience, std::function<void()> drained);
  /// Shortens the patience of a drain that is under way.
  void hurry(base::Duration patience);

  [[nodiscard]] ShardStats stats() const;

  /// Bookkeeping of executions.
  enum class Reached { kNothing, kServer };
  void add(Execution& execution);
  void remove(Execution& execution);
  /// Those that are queued or running.
  [[nodiscard]] const std::vector<Execution*>& executions() const { return running_; }
  void record(const Error* error, const Timings& timings, Reached reached);
  [[nodiscard]] ClientSessions& sessions() { return sessions_; }
  /// What monitoring systems want to know besides.
  [[nodiscard]] CallMetrics& calls() { return calls_; }
  void count_rows(std::int64_t rows) { rows_ += rows; }
  void note_connection(const pool::Connection& connection);

  void on_connect(base::Duration took, const Error* error) override;
  void on_ping(base::Duration took, const Error* error) override;
  void on_event(PoolEvent event, std::string_view detail) override;

 private:
  void act_on_transitions();
  void run_breaker_clock();
  void checked(base::Duration took, const Error* error);
  void cancel_all();
  [[nodiscard]] std::vector<std::shared_ptr<Execution>> kept_executions() const;
  void shut_down();
  void tell_limit(const Error* error);

  const std::string db_id_;
  base::EventLoop& loop_;
  pool::ConnectorFactory& connectors_;
  Observer& observer_;
  base::Random random_;
  const HostPlace place_;
  DatabaseOptions options_;
  breaker::Breaker breaker_;
  const std::shared_ptr<BudgetMember> budget_;  // may be null
  std::unique_ptr<pool::Pool> pool_;            // empty once shut down
  ClientSessions sessions_;                     // each has a lease of the pool's
  base::Timer breaker_timer_;
  base::Timer drain_timer_;
  DatabaseState state_ = DatabaseState::kActive;
  bool closing_ = false;  // for good
  std::vector<Execution*> running_;
  std::vector<BreakerTransition> transitions_;  // to be acted on

  std::int64_t queries_ = 0;
  std::int64_t errors_ = 0;
  std::int64_t rows_ = 0;
  base::LatencyRecorder acquire_time_;
  base::LatencyRecorder query_time_;
  base::DurationCounts connect_time_;
  CallMetrics calls_;
  TransitionCounts transition_counts_;
  base::LatencyRecorder failed_time_;  // of errors, to know how many were recent
  std::map<std::string, std::int64_t> refused_;
  std::map<std::string, std::int64_t> errors_by_sqlstate_;
  std::string server_version_;
  std::optional<base::TimePoint> used_at_;
  std::optional<base::TimePoint> checked_at_;
  base::Duration response_time_{};
};

}  // namespace sluice::manager
