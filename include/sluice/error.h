#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/export.h"
#include "sluice/timings.h"

namespace sluice {

/// What went wrong, in one word. The HTTP API uses the same words (`to_string`) as the `code` of a
/// problem document.
enum class ErrorCode {
  kInvalidRequest,       ///< the caller's input is wrong; nothing was sent to a database
  kUnknownDatabase,      ///< no database is registered under this id
  kDatabaseIdTaken,      ///< the chosen id belongs to another target
  kConnectionRejected,   ///< the server refused for good: bad password, unknown database (28*,
                         ///< 3D000)
  kDatabaseUnavailable,  ///< refused, unreachable, lost, starting up, too many connections
  kConnectTimeout,       ///< nothing answered within the connect timeout
  kBreakerOpen,          ///< the circuit breaker does not let calls through
  kQueueFull,            ///< as many callers wait for a connection as may
  kAcquireTimeout,       ///< no connection became free in time
  kPaused,               ///< an operator paused the database
  kDraining,             ///< the database or the whole manager is shutting down
  kSqlError,             ///< the server answered with an error; see `Error::sql`
  kQueryTimeout,         ///< it was sent, and exceeded its time
  kResultTooLarge,       ///< a buffered result passed its byte limit
  kOverloaded,           ///< the gateway as a whole has as much to do as it may
  kTooManyRequests,      ///< this client has sent more than it may
  kCancelled,            ///< the caller cancelled, or went away
  kUnknownSession,       ///< no such interactive session, or not this caller's
  kSessionBusy,          ///< the interactive session runs another statement
  kTooManySessions,      ///< the database has as many interactive sessions as it may
  kWouldDeadlock,        ///< a blocking call was made on one of the manager's own threads
  kInternal,             ///< a fault of ours
};

/// The word for a code: "breaker_open", "sql_error", …
[[nodiscard]] SLUICE_API std::string_view to_string(ErrorCode code);

/// What is known about the effects of a failed call.
enum class Outcome {
  kNotStarted,  ///< nothing was executed
  kRolledBack,  ///< it was executed and undone
  kUnknown,     ///< it was sent, and the answer was lost: it may or may not have taken effect
};
/// The word for an outcome: "not_started", "rolled_back", "unknown".
[[nodiscard]] SLUICE_API std::string_view to_string(Outcome outcome);

/// Whom a failure speaks against; this alone decides what the circuit breaker makes of it.
enum class Fault {
  kCaller,  ///< the statement, its parameters, the caller's patience: says nothing of the database
  kOverload,     ///< too much at once (53*, our own timeouts): feeds limits, never the breaker
  kDatabase,     ///< the server or the way to it is sick: counts as a failure
  kCredentials,  ///< it cannot work before somebody changes something (28*, 3D000): opens at once
};

/// Every field of a PostgreSQL error message, in the server's own words; empty where it gave none.
/// Source: PostgreSQL documentation, "Error and Notice Message Fields".
struct SqlDiagnostics {
  std::string sqlstate;           ///< five characters, for instance "23505"
  std::string severity;           ///< "ERROR", "FATAL" or "PANIC"
  std::string message;            ///< the primary message, one line
  std::string detail;             ///< more about it; may quote values
  std::string hint;               ///< what to do about it
  std::string position;           ///< in the statement: characters from 1, as a decimal number
  std::string internal_position;  ///< the same in `internal_query`
  std::string internal_query;     ///< a statement that a function ran
  std::string where;              ///< the stack of functions, one per line
  std::string schema;             ///< of the object concerned, as the next five
  std::string table;              ///< its name
  std::string column;             ///< its name
  std::string data_type;          ///< its name
  std::string constraint;         ///< its name; unique indexes count as constraints
  std::string file;               ///< of PostgreSQL's sources, as the next two
  std::string line;               ///< where in `file`
  std::string routine;            ///< which function of PostgreSQL reported it
};

/// One mistake in the caller's input.
struct FieldError {
  std::string field;    ///< for instance "pool.max_size"; empty for the input as a whole
  std::string message;  ///< what is wrong and what to write instead
};

/// Somebody who had a connection that another caller waited for in vain.
struct Holder {
  std::string statement;  ///< the beginning of its SQL, never parameters; empty: another client's
  std::chrono::milliseconds age{0};  ///< how long it has had the connection
  std::string client;                ///< its key's name or its address; empty: another client
  std::string request_id;            ///< of the request it came with; empty: another client's
};

/// An expected failure. A plain value: copying is cheap enough for every path but the hottest.
/// It never contains a password or a parameter's value.
struct Error {
  ErrorCode code = ErrorCode::kInternal;   ///< for programs
  std::string message;                     ///< for people: what happened and, if known, what to do
  Outcome outcome = Outcome::kNotStarted;  ///< whether anything was done
  Fault fault = Fault::kCaller;            ///< whom it speaks against
  /// True when the same call may succeed later and repeating it cannot execute anything twice.
  bool retryable = false;
  std::optional<std::chrono::milliseconds> retry_after;  ///< when to come back, if we can tell
  std::shared_ptr<const SqlDiagnostics> sql;             ///< set when the server said it
  std::vector<FieldError> fields;  ///< every mistake found, for kInvalidRequest
  std::vector<Holder> holders;     ///< who had the connections, for kAcquireTimeout; oldest first
  std::string db_id;               ///< the database concerned, if any
  Timings timings;                 ///< where the time of a failed call went

  /// The five characters of the SQLSTATE, or an empty string.
  [[nodiscard]] std::string_view sqlstate() const {
    return sql ? std::string_view(sql->sqlstate) : std::string_view();
  }
};

/// Builds an error of ours that concerns only the caller's input.
[[nodiscard]] SLUICE_API Error invalid_request(std::string message,
                                               std::vector<FieldError> fields = {});

}  // namespace sluice
