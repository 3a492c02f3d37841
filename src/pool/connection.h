#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/time.h"
#include "sluice/options.h"
#include "sluice/query.h"
#include "sluice/result.h"
#include "sluice/target.h"

/// The seam between the pool and whatever speaks to a database. The postgres layer implements it;
/// tests script it.
namespace sluice::pool {

/// How one statement is to be run.
struct ExecuteOptions {
  base::Duration timeout{};  ///< the server's own backstop; the caller keeps the real deadline
  /// Others may follow before this turn of the loop is over: `may_join`.
  bool first_of_batch = false;
  /// The first try ended with kDatabaseUnavailable, outcome not started, Fault::kCaller: what
  /// speaks to the database had bet on something that did not hold. Now without bets.
  bool second_try = false;
  /// Lets transaction control through, for transactions that we build ourselves.
  bool internal = false;
};

/// A statement that its caller is about to run, and how.
struct Errand {
  const Query& query;
  ExecuteOptions options;
};

/// One live connection to a database. It belongs to one loop's thread; every callback comes on it,
/// once, never from inside the call that takes it, and not at all once the connection is destroyed,
/// which any callback may do.
/// One thing runs at a time: `execute`, `ping`, `reset`, `close` require that the last has ended,
/// but for an `execute` that joins a batch.
class Connection {
 public:
  using Done = std::function<void(Result<Completion>)>;
  using Ended = std::function<void(Status)>;

  /// Drops the socket at once, whatever runs on it.
  virtual ~Connection() = default;

  /// Runs the statement and hands its rows to `sink`, which must live until `done`. `query` is read
  /// during the call only. `done` may come before the connection is free for more (the rest of a
  /// truncated result is still read and thrown away): `reset` waits for that.
  virtual void execute(const Query& query, const ExecuteOptions& options, RowSink& sink,
                       Done done) = 0;
  /// How long it usually takes by itself, if it is known here as a short read: others may go along.
  [[nodiscard]] virtual std::optional<base::Duration> short_read(const Errand& /*errand*/) {
    return std::nullopt;
  }
  /// Whether `execute` may be called for this errand now, right after the first of a batch: they
  /// are sent together and end together. Only for reads that are known to be short, among their
  /// like. When one of them fails, those behind it are not run and want a second try
  /// (ExecuteOptions). A cancel may hit any of them.
  [[nodiscard]] virtual bool may_join(const Errand& /*errand*/) { return false; }
  /// Asks the server to give up what runs. Returns at once; what runs still ends through its
  /// `done`, with whatever the server says. No effect when nothing runs.
  virtual void cancel() = 0;
  /// Goes on after the sink has answered a row with kPause; until then nothing more is read from
  /// the server. No effect when nothing is paused.
  virtual void resume() = 0;
  /// Shuts the socket down: what runs ends at once with kDatabaseUnavailable, outcome unknown, and
  /// the connection is broken. For servers that do not even answer a cancel.
  virtual void abandon() = 0;

  /// `SELECT 1`, more or less. The caller keeps the time and destroys a connection that is late.
  virtual void ping(Ended ended) = 0;
  /// Makes the session fit for the next user: waits for a cancel that is under way and for the rest
  /// of a result, rolls back, and cleans the session as the policy says. The caller keeps the time.
  virtual void reset(ResetPolicy policy, Ended ended) = 0;
  /// Says goodbye, and calls `closed` when the server is known to have let go.
  virtual void close(std::function<void()> closed) = 0;

  /// Whether `reset` has anything to do before somebody else may use it.
  [[nodiscard]] virtual bool needs_reset(ResetPolicy policy) const = 0;
  /// The session is lost or in an unknown state: it can only be destroyed.
  [[nodiscard]] virtual bool broken() const = 0;
  /// Whom to tell when the connection breaks, or its server speaks, while nothing runs on it. It
  /// may destroy the connection.
  virtual void on_idle_broken(std::function<void()> broken) = 0;

  /// Takes the connection off the loop, so that another thread may use it through blocking calls
  /// (`native`), and puts it back. While detached only `attach` and the destructor may be called.
  /// After `attach` the session counts as fully dirty.
  virtual void detach() = 0;
  virtual void attach() = 0;
  /// What the embedding program is given: the postgres layer's pqxx connection.
  [[nodiscard]] virtual void* native() = 0;

  /// For instance "15.8".
  [[nodiscard]] virtual std::string server_version() const = 0;
};

/// A connect that is under way. Destroying it abandons the connect without calling anybody; its own
/// callback may destroy it.
class ConnectAttempt {
 public:
  virtual ~ConnectAttempt() = default;
};

/// Opens connections to one target, on one loop's thread.
class Connector {
 public:
  using Connected = std::function<void(Result<std::unique_ptr<Connection>>)>;
  virtual ~Connector() = default;
  /// Starts a connect; `connected` is called once, never from inside this call, on success with a
  /// session that is initialised. After the deadline it is called with kConnectTimeout, however
  /// silent the host. An error carries `sql` with the SQLSTATE if the server said one, and a
  /// `fault`.
  [[nodiscard]] virtual std::unique_ptr<ConnectAttempt> connect(base::Deadline deadline,
                                                                Connected connected) = 0;
};

/// Makes connectors. Thread-safe.
class ConnectorFactory {
 public:
  virtual ~ConnectorFactory() = default;
  /// The loop must outlive the connector. `options` give the session and the statement cache.
  [[nodiscard]] virtual std::unique_ptr<Connector> make(const Target& target,
                                                        const DatabaseOptions& options,
                                                        base::EventLoop& loop) = 0;
};

}  // namespace sluice::pool
