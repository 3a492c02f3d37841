#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "manager/budget.h"
#include "manager/execution.h"
#include "manager/lending.h"
#include "manager/live_calls.h"
#include "manager/live_sessions.h"
#include "manager/registrar.h"
#include "manager/registry.h"
#include "pool/connection.h"
#include "sluice/observer.h"
#include "sluice/pool_manager.h"

namespace sluice::manager {

/// One statement for one database.
struct Call {
  std::string db_id;
  Query query;
  std::shared_ptr<RowSink> sink;                 ///< may be null: the rows are thrown away
  std::function<void(Result<Completion>)> done;  ///< exactly once
  /// Where `done` runs; null: on the database's home worker. When the caller is on this loop and
  /// the call is refused at once, `done` runs before `execute` returns.
  base::EventLoop* reply_to = nullptr;
  std::optional<base::TimePoint> started_at;  ///< when the patience began; default: now
  std::optional<base::Deadline> deadline;     ///< of something larger that this belongs to
  const Origin* origin = nullptr;  ///< who asks, for operators; lives until `done` has been called
  /// Runs it in an interactive session, or opens one on the connection that it has run on.
  std::shared_ptr<SessionUse> session;
};

/// Several statements as one transaction; rows of statement i go to sinks[i].
struct TransactionCall {
  std::string db_id;
  std::vector<Query> statements;
  std::vector<std::shared_ptr<RowSink>> sinks;
  TransactionOptions options;
  std::function<void(std::size_t index, const Completion&)> statement_done;
  std::function<void(Result<Completion>)> done;  ///< the completion of our COMMIT, and all timings
  base::EventLoop* reply_to = nullptr;           ///< as Call::reply_to
  std::optional<base::TimePoint> started_at;     ///< when the patience began; default: now
  const Origin* origin = nullptr;                ///< as Call::origin
  bool dry_run = false;  ///< checks even what is deferred, and then rolls everything back
};

/// Databases that did not answer a probe, and why.
using ProbeFailures = std::map<std::string, Error>;

/// Gives up a call that is under way. Any thread; no effect once it has ended.
class CallHandle {
 public:
  CallHandle() = default;
  explicit CallHandle(const std::shared_ptr<Execution>& execution) : execution_(execution) {}
  void cancel() const;

 private:
  std::weak_ptr<Execution> execution_;
};

/// Many databases on a set of event loops: the heart of PoolManager and of the gateway.
/// Asynchronous throughout; every function may be called from any thread, returns at once, and
/// answers through its callback, on `reply_to` where there is one, else on a worker. The loops must
/// run until the callback of `close` has come, and outlive the manager; the manager is destroyed
/// after the loops have stopped.
class Manager {
 public:
  struct Dependencies {
    std::vector<base::EventLoop*> loops;  ///< at least one
    pool::ConnectorFactory& connectors;
    Observer& observer;
    std::uint64_t seed;
    /// For callers on other threads; the loops' own time is used everywhere else.
    std::function<base::TimePoint()> clock = [] { return std::chrono::steady_clock::now(); };
    Budget::Limits connections = {};  ///< of all databases together
  };
  explicit Manager(Dependencies dependencies);
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  CallHandle execute(Call call);
  CallHandle transact(TransactionCall call);
  void lend(std::string_view db_id, std::optional<base::Duration> patience, Lent lent);

  void connect(ConnectCall call);
  void disconnect(std::string db_id, base::Duration patience, std::function<void(Status)> done);
  void configure(std::string db_id, DatabaseOptions options, std::function<void(Status)> done);
  /// Likewise, from the options in force when its turn has come; `revise` runs on the control loop.
  void configure(std::string db_id, Revise revise, std::function<void(Status)> done);
  /// Runs `action` on every shard of the database, on its home.
  void control(std::string_view db_id, std::function<void(Shard&)> action,
               std::function<void(Status)> done);

  [[nodiscard]] DatabasePointer find(std::string_view db_id, const base::EventLoop* worker) {
    return registry_.find(db_id, worker);
  }
  /// The database that connecting to this target without an id finds; null: it would be a new one.
  [[nodiscard]] DatabasePointer find(const Target& target) const { return registry_.find(target); }
  [[nodiscard]] std::vector<DatabasePointer> databases() const { return registry_.all(); }
  /// Grows whenever `databases` would answer differently, so that nobody need sort ten thousand.
  [[nodiscard]] std::uint64_t registry_changes() const { return registry_.changes(); }
  /// Opens a fresh connection to it and closes it again, whatever its pool and breaker say.
  void probe(std::string db_id, std::function<void(Result<TrialReport>)> done);
  [[nodiscard]] Budget::Usage connections() const { return budget_->usage(); }
  [[nodiscard]] LiveCalls& live_calls() { return live_calls_; }
  [[nodiscard]] LiveSessions& live_sessions() { return live_sessions_; }
  void stats(std::vector<DatabasePointer> databases, base::EventLoop* reply_to,
             std::function<void(std::vector<DatabaseStats>)> done);
  /// `probe`: runs SELECT 1 everywhere first, at most 5 s.
  void health(bool probe, base::EventLoop* reply_to, std::function<void(Health)> done);

  /// Takes nothing new, lets what runs finish, cancels it after `patience`, closes everything.
  void close(base::Duration patience, std::function<void()> done);
  [[nodiscard]] bool closing() const { return closing_; }
  /// Whether the calling thread is one of the workers (on which nobody may block).
  [[nodiscard]] bool on_worker_thread() const;
  [[nodiscard]] base::EventLoop& control_loop() { return *dependencies_.loops.front(); }

 private:
  void probe_all(std::function<void(ProbeFailures)> done);

  Dependencies dependencies_;
  const std::shared_ptr<Budget> budget_;
  Registry registry_;
  Registrar registrar_;
  LiveCalls live_calls_;
  LiveSessions live_sessions_;
  std::atomic<bool> closing_{false};
};

/// The verdict over all databases, from their figures and from what a probe found. Pure.
[[nodiscard]] Health judge_health(const std::vector<DatabaseStats>& stats,
                                  const ProbeFailures& failures = {});

/// The manager is closing.
[[nodiscard]] Error manager_closing();

}  // namespace sluice::manager
