#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  /// Its caller keeps the connection: what only makes sense then (BEGIN, cursors, PREPARE) may
  /// pass.
  bool in_session = false;
};

/// A statement that its caller is about to run, and how.
struct Errand {
  const Query& query;
  ExecuteOptions options;
};

/// Statements that run one after the other as one transaction. The first begins it and the last
/// ends it; none is run after one that has failed.
struct TransactionOrder {
  struct Part {
    const Query& query;
    bool internal = false;  ///< as in ExecuteOptions
  };
  std::vector<Part> parts;
  /// It writes nothing, or its end undoes it: that need not wait for the results before it.
  bool keeps_nothing = false;
  /// Of each part that ended well but the last, in order. Must not destroy the connection.
  std::function<void(const Completion&)> part_done;
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
  /// Runs them likewise, in as few round trips as it can; the rows of all parts come one part after
  /// the other. `done` gets the end's completion, or the error of the part after those that were
  /// told to `part_done`; then the transaction may still have to be rolled back, by `reset`.
  virtual void transact(const TransactionOrder& order, const ExecuteOptions& options, RowSink& sink,
                        Done done) = 0;
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
  /// Waits for a cancel that is under way and for the rest of a result, so that neither meets what
  /// runs next, and leaves the session as it is. The caller keeps the time.
  virtual void settle(Ended ended) = 0;
  /// Whether `settle` has anything to wait for.
  [[nodiscard]] virtual bool unsettled() const = 0;
  /// Whether a transaction is open that somebody must end. While nothing runs.
  [[nodiscard]] virtual bool in_transaction() const = 0;
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
