#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/export.h"
#include "sluice/fan_out.h"
#include "sluice/lease.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/query.h"
#include "sluice/result.h"
#include "sluice/stats.h"
#include "sluice/target.h"

namespace sluice {

/// How a PoolManager as a whole is set up.
struct ManagerOptions {
  int workers = 0;           ///< event-loop threads; 0: one per core
  DatabaseOptions defaults;  ///< for databases that are registered without options
  /// Cancel requests that may be under way at once, half of them for one database. Each has a
  /// thread, as libpq blocks; without a free one, the connection is closed instead.
  int cancel_threads = 16;
  int max_connections = 0;             ///< of all databases together, shared in turn; 0: no limit
  int max_connections_per_server = 0;  ///< of all databases of one host and port; 0: no limit
};

/// What `connect` found and did.
struct Connected {
  std::string db_id;                     ///< what to call it from now on
  bool created = false;                  ///< false: it was registered already
  std::vector<std::string> updated;      ///< what changed: setting names, "password"
  std::string server_version;            ///< for instance "15.8"
  std::chrono::microseconds latency{0};  ///< of connecting and logging in
};

/// What a transaction sees of others; PostgreSQL's levels.
enum class Isolation {
  kReadCommitted,    ///< each statement sees what was committed before it
  kRepeatableRead,   ///< all see what was committed before the first
  kSerializable,     ///< as if transactions ran one after the other
  kReadUncommitted,  ///< PostgreSQL treats it as kReadCommitted
  kServerDefault,    ///< what default_transaction_isolation says
};

/// How `PoolManager::transaction` runs.
struct TransactionOptions {
  Isolation isolation = Isolation::kReadCommitted;   ///< of the whole
  bool read_only = false;                            ///< the server refuses every write
  bool deferrable = false;                           ///< PostgreSQL's DEFERRABLE
  std::optional<std::chrono::milliseconds> timeout;  ///< of the whole; default QueryLimits::timeout
  std::optional<Route> route;                        ///< as Query::route
  std::stop_token stop;                              ///< gives it up, as Query::stop does
};

/// One database in a health report.
struct DatabaseHealth {
  std::string db_id;      ///< which one
  bool healthy = true;    ///< its breaker lets calls pass, and it is not being closed
  bool required = false;  ///< as DatabaseOptions::required
  std::string status;     ///< "healthy", or why not: a breaker's explanation, an error's text
  std::optional<std::chrono::microseconds> response_time;  ///< of the last answer; empty: none yet
  std::optional<std::chrono::milliseconds> checked_ago;    ///< when that was; empty: never
  double utilization = 0;                                  ///< used ÷ max_size, percent
  std::vector<std::string> warnings;                       ///< for instance over 90 % utilization
};

/// All databases in one verdict.
struct Health {
  /// Unhealthy: a required database is down, or none is usable. Degraded: some database is down.
  enum class Verdict { kHealthy, kDegraded, kUnhealthy };
  Verdict verdict = Verdict::kHealthy;    ///< over all of them
  std::vector<DatabaseHealth> databases;  ///< sorted by id
};
/// The word for a verdict: "healthy", "degraded", "unhealthy".
[[nodiscard]] SLUICE_API std::string_view to_string(Health::Verdict verdict);

/// Many PostgreSQL databases, each behind a connection pool and a circuit breaker of its own.
///
/// Databases are registered under a `db_id`. Pools are created on first use, cached, closed when
/// idle for long, and opened again by the next call. A sick database is isolated by its breaker and
/// never slows the others down.
///
/// Thread-safe. Owns its worker threads. Calls without `async_` in their name block the calling
/// thread until done or until their deadline; made on one of the manager's own threads (inside a
/// callback) they fail at once with kWouldDeadlock. Callbacks run on worker threads and must not
/// block or throw. Expected failures are `Result`s; nothing throws but the constructor (and
/// std::bad_alloc). Destroy it on a thread that is not one of its own.
class SLUICE_API PoolManager {
 public:
  /// Starts the workers. The observer is kept until the end. Throws std::system_error when the
  /// system refuses threads or descriptors.
  explicit PoolManager(ManagerOptions options = {}, std::shared_ptr<Observer> observer = nullptr);
  /// Closes with no patience, but waits for leases that are still out, and ends the workers.
  ~PoolManager();
  PoolManager(const PoolManager&) = delete;
  PoolManager& operator=(const PoolManager&) = delete;

  /// Registers a database, or finds it: get-or-create. The target and its password are tried before
  /// anything is registered or changed. For a target that is registered already, changed settings
  /// and a changed password apply; connections are renewed. Concurrent connects to one target share
  /// one attempt. `db_id` empty: `Target::default_db_id`. Without options: the manager's defaults.
  [[nodiscard]] Result<Connected> connect(const Target& target, std::string_view db_id = {});
  /// Likewise, with options of its own.
  [[nodiscard]] Result<Connected> connect(const Target& target, const DatabaseOptions& options,
                                          std::string_view db_id = {});
  /// Registers without trying: the first call connects. The database may be down.
  [[nodiscard]] Status add(std::string_view db_id, const Target& target,
                           const DatabaseOptions& options);
  /// Forgets a database: what runs may finish until `patience` is over, the rest is cancelled.
  /// Leases cannot be cancelled: if some are still out then, it fails with kDraining and says so;
  /// the database is gone all the same, and its connections are closed when they come back.
  [[nodiscard]] Status disconnect(std::string_view db_id,
                                  std::chrono::milliseconds patience = std::chrono::seconds(30));

  /// Runs one statement.
  [[nodiscard]] Result<QueryResult> query(std::string_view db_id, Query query);
  /// Does not block; waiting for the future does.
  [[nodiscard]] std::future<Result<QueryResult>> query_future(std::string_view db_id, Query query);
  /// Does not block; `done` is called exactly once, on a worker thread.
  void async_query(std::string_view db_id, Query query,
                   std::function<void(Result<QueryResult>)> done);
  /// Without a copy in between: rows go to the sink as they arrive, unbounded in size. The sink is
  /// kept until `done`.
  void async_query(std::string_view db_id, Query query, std::shared_ptr<RowSink> sink,
                   std::function<void(Result<Completion>)> done);

  /// All statements on one connection, all or nothing. A failure names the statement, counted from
  /// 1, in its message ("statement 2: …"). Of each Query only `sql`, `params` and `max_rows` count.
  /// What depends on an earlier statement's result needs `in_transaction` of <sluice/pqxx.h>.
  [[nodiscard]] Result<std::vector<QueryResult>> transaction(std::string_view db_id,
                                                             std::vector<Query> statements,
                                                             TransactionOptions options = {});

  /// The same statement over many databases at once; partial results are results.
  [[nodiscard]] FanOutResult fan_out(FanOut fan_out);

  /// Lends a connection for exclusive use by the calling thread; see `Lease` and <sluice/pqxx.h>.
  /// `patience` empty: the pool's acquire timeout.
  [[nodiscard]] Result<Lease> acquire(std::string_view db_id,
                                      std::optional<std::chrono::milliseconds> patience = {});

  /// The ids of all databases, sorted. Does not block.
  [[nodiscard]] std::vector<std::string> databases() const;
  /// What is known of a database; asks it nothing.
  [[nodiscard]] Result<DatabaseStats> stats(std::string_view db_id) const;
  /// Of all of them, sorted by id. On one of the manager's own threads: empty.
  [[nodiscard]] std::vector<DatabaseStats> stats() const;
  /// With `probe`: tries every database now, concurrently, at most 5 s. Without: what is known.
  /// On one of the manager's own threads: no databases.
  [[nodiscard]] Health health(bool probe = false) const;

  /// New limits and labels, live. Settings of the session apply to new connections, old ones are
  /// renewed.
  [[nodiscard]] Status configure(std::string_view db_id, const DatabaseOptions& options);
  /// Lets calls wait, at most their acquire timeout. What runs goes on.
  [[nodiscard]] Status pause(std::string_view db_id);
  /// Refuses calls with kDraining, lets what runs finish and closes every connection, until
  /// resumed.
  [[nodiscard]] Status drain(std::string_view db_id);
  /// Ends a pause or a drain.
  [[nodiscard]] Status resume(std::string_view db_id);
  /// Replaces all connections: idle ones now, busy ones when they come back.
  [[nodiscard]] Status reconnect(std::string_view db_id);
  /// Overrides the breaker, for `duration` or until told otherwise; kClosed returns it to its own
  /// judgement. `reason`, in the operator's words, is shown in its explanation.
  [[nodiscard]] Status force_breaker(std::string_view db_id, BreakerState state, std::string reason,
                                     std::optional<std::chrono::milliseconds> duration = {});

  /// Takes nothing new, lets what runs finish until `patience` is over, cancels the rest and closes
  /// every connection. Further calls fail with kDraining. Leases cannot be cancelled: if some are
  /// still out then, it fails with kDraining and says so, and the destructor waits for them.
  Status close(std::chrono::milliseconds patience = std::chrono::seconds(30));

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
