#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/export.h"
#include "sluice/options.h"

namespace sluice {

/// The states of a circuit breaker. The last three are set by an operator.
enum class BreakerState {
  kClosed,        ///< calls pass and are watched
  kOpen,          ///< calls are refused at once
  kHalfOpen,      ///< a few calls are let through to see
  kForcedOpen,    ///< refuses everything until the operator says otherwise
  kForcedClosed,  ///< lets everything through, whatever happens
  kObserveOnly,   ///< lets everything through and reports what it would have done
};
/// The word for a state: "closed", "half_open", …
[[nodiscard]] SLUICE_API std::string_view to_string(BreakerState state);

/// A breaker at one moment.
struct BreakerStatus {
  BreakerState state = BreakerState::kClosed;  ///< the state
  std::chrono::milliseconds in_state_for{0};   ///< how long already
  std::int64_t window_calls = 0;               ///< successes and failures in the window
  std::int64_t window_failures = 0;            ///< the failures of these
  std::optional<double> failure_rate;          ///< 0–1; empty below the minimum number of calls
  std::optional<double> slow_rate;             ///< likewise, of connects and pings
  std::optional<std::chrono::milliseconds> next_trial_in;  ///< while open
  std::int64_t opened_count = 0;                           ///< since start
  std::int64_t rejected = 0;                               ///< calls refused since start
  std::int64_t succeeded = 0;                              ///< calls that went well, since start
  std::int64_t failed = 0;       ///< calls and connects that count as failures, since start
  std::int64_t not_counted = 0;  ///< calls that said nothing about the database, since start
  std::string reason;            ///< which rule, or which operator's words
  /// In words: what was seen, which rule, what was not counted, when the next trial is. The same
  /// text goes into errors, logs, pages and answers.
  std::string explanation;
  /// How many of the last connects failed in a row, if the last of them did within the window; else
  /// 0. Calls may be refused for that alone, long before any rule opens the breaker.
  int connect_failures = 0;
};

/// A latency distribution over about the last minute. All zero when nothing was measured.
struct Percentiles {
  std::chrono::microseconds p50{0};  ///< the median
  std::chrono::microseconds p95{0};  ///< 95 of 100 were at most as long
  std::chrono::microseconds p99{0};  ///< 99 of 100 were at most as long
};

/// One bucket of a cumulative histogram: how many values were at most `upper`.
struct HistogramBucket {
  std::chrono::microseconds upper;  ///< the bucket's bound
  std::int64_t cumulative;          ///< how many values were at most that
};

/// A distribution since start, with the fixed bounds 0.5 ms … 30 s.
struct Histogram {
  std::vector<HistogramBucket> buckets;  ///< by rising bound
  std::int64_t count = 0;                ///< of all values, those above the last bound too
  std::chrono::microseconds sum{0};      ///< of all values
};

/// One bucket of a cumulative histogram of rows: how many statements gave at most `upper`.
struct RowBucket {
  std::int64_t upper;       ///< the bucket's bound
  std::int64_t cumulative;  ///< how many statements gave at most that many rows
};

/// How many rows statements gave, since start, with the fixed bounds 1 … 10 000.
struct RowHistogram {
  std::vector<RowBucket> buckets;  ///< by rising bound
  std::int64_t count = 0;          ///< of all statements that ended well
  std::int64_t sum = 0;            ///< of all their rows
};

/// Calls of one kind, since registration.
struct OperationStats {
  std::string operation;  ///< "SELECT", …; "BATCH" is a transaction; "_OTHER": none of the list
  std::string error;      ///< empty: they went well; else a SQLSTATE, an ErrorCode's word, "_OTHER"
  Histogram duration;     ///< from sending to the last row
};

/// How often a breaker went from one state to another for one reason.
struct TransitionCount {
  BreakerState from = BreakerState::kClosed;  ///< the state before
  BreakerState to = BreakerState::kClosed;    ///< the state after
  std::string reason;                         ///< as in BreakerTransition
  std::int64_t count = 0;                     ///< since registration
};

/// A database's pool at one moment, all figures from the same moment per shard. `used`, `idle` and
/// so on count connections; the totals count since registration and never decrease.
struct PoolStats {
  int idle = 0;        ///< open, and nobody's
  int used = 0;        ///< leased to a call or a caller
  int connecting = 0;  ///< being opened
  int cleaning = 0;    ///< being reset, pinged or closed; still counted against the maximum
  int overflow = 0;    ///< connections above max_size
  int waiting = 0;     ///< callers in the queue
  std::chrono::milliseconds oldest_wait{0};  ///< how long the first of them waits
  std::int64_t connections_created = 0;      ///< total
  std::map<std::string, std::int64_t>
      connections_closed;             ///< total by reason: "idle", "lifetime", …
  std::int64_t connect_errors = 0;    ///< connects that failed, total
  std::int64_t acquired = 0;          ///< connections lent, total
  std::int64_t released = 0;          ///< connections that came back, total
  std::int64_t acquire_timeouts = 0;  ///< waiters that came away empty, total
  std::int64_t refused_late = 0;      ///< refused at once, as their turn would have come too late
  std::int64_t shed = 0;              ///< waiters refused by PoolOptions::shedding, total
  std::int64_t pushed_out = 0;        ///< waiters that made room for clients with fewer, total
  bool overloaded = false;            ///< PoolOptions::shedding sees a sustained delay
  int clients_waiting = 0;            ///< clients with callers in the queue
  std::chrono::microseconds service_time{0};  ///< of a connection for one call; 0: not known yet
  int lendable = 0;             ///< connections that may be lent at once, all limits considered
  int adaptive_limit = 0;       ///< what AdaptiveLimit allows, or would; 0: it is off
  std::int64_t limit_cuts = 0;  ///< times AdaptiveLimit was lowered, total
  std::string limit_reason;     ///< the evidence for its last change, in words
  int best_size = 0;            ///< what PoolSizing has found so far; 0: it is fixed
  std::string sizing_reason;    ///< the evidence for that, in words
  bool withheld = false;        ///< wants a connection that ManagerOptions::max_connections forbids

  /// All connections that the server may count, now.
  [[nodiscard]] int total() const { return idle + used + connecting + cleaning; }
};

/// What a database is doing.
enum class DatabaseState {
  kActive,    ///< serves calls
  kPaused,    ///< calls wait until resumed, at most their acquire timeout
  kDraining,  ///< finishes what runs, takes nothing new
};
/// The word for a state: "active", "paused", "draining".
[[nodiscard]] SLUICE_API std::string_view to_string(DatabaseState state);

/// What one host of several was found to be.
enum class HostRole {
  kUnknown,   ///< not heard of yet, or not lately
  kPrimary,   ///< takes writes
  kReplica,   ///< follows the primary
  kConflict,  ///< takes writes, too, but another host has overtaken it: it gets no calls
};
/// The word for a role: "unknown", "primary", "replica", "conflict".
[[nodiscard]] SLUICE_API std::string_view to_string(HostRole role);

/// One host of a database that has several, at one moment.
struct HostStats {
  std::string host;                              ///< "db2:5432"
  HostRole role = HostRole::kUnknown;            ///< by the last look at it
  bool up = false;                               ///< it answers its monitor
  std::optional<std::chrono::milliseconds> lag;  ///< of a replica, at most; empty: not known
  std::chrono::microseconds round_trip{0};       ///< of looks at it, smoothed; 0: never seen
  std::string problem;                           ///< of the last look, if it failed
  std::int64_t queries = 0;                      ///< completed calls, well or not
  std::int64_t errors = 0;                       ///< of those, with an error
  PoolStats pool;                                ///< its connections
  BreakerStatus breaker;                         ///< its breaker
};

/// The interactive sessions of a database at one moment. Totals count since registration.
struct SessionStats {
  int open = 0;                               ///< each has one of the pool's connections
  int running = 0;                            ///< of those, with a statement that runs
  int in_transaction = 0;                     ///< of those, in a transaction that somebody must end
  std::int64_t opened = 0;                    ///< total
  std::map<std::string, std::int64_t> ended;  ///< total by reason: "closed", "idle", "expired", …
};

/// Results of a database that are being given on while they arrive (RowSink::may_pause).
struct StreamStats {
  int running = 0;  ///< the database gives rows, or computes them
  int paused = 0;   ///< it has to wait for the reader
};

/// Everything we know of a database at one moment, over all its shards.
struct DatabaseStats {
  std::string db_id;                             ///< its id
  std::string target;                            ///< "user@host:port/database"
  std::string server_version;                    ///< "15.8"; empty before the first connection
  DatabaseState state = DatabaseState::kActive;  ///< whether it serves calls
  DatabaseOptions options;                       ///< what is in force
  PoolStats pool;                                ///< its connections
  /// Of the shard that is worst off; with several hosts, of the primary's while there is one.
  BreakerStatus breaker;
  std::vector<HostStats> hosts;   ///< empty: there is only one
  SessionStats sessions;          ///< its interactive sessions
  StreamStats streams;            ///< its results that somebody reads while they arrive
  std::int64_t queries = 0;       ///< completed calls, well or not, without refusals
  std::int64_t errors = 0;        ///< of those, with an error
  std::int64_t rows = 0;          ///< rows read
  double queries_per_second = 0;  ///< over the last 10 s
  double error_rate = 0;          ///< errors ÷ queries over the last minute, 0–1
  Percentiles acquire_time;       ///< waiting for a connection
  Percentiles query_time;         ///< from sending to the last row
  std::chrono::microseconds average_acquire_time{0};       ///< since registration
  Histogram acquire_histogram;                             ///< of what `acquire_time` is of
  Histogram query_histogram;                               ///< of what `query_time` is of
  Histogram connect_histogram;                             ///< opening connections
  std::vector<OperationStats> operations;                  ///< `query_histogram` by kind
  RowHistogram row_histogram;                              ///< rows per statement
  std::int64_t response_bytes = 0;                         ///< of results, as the sinks count them
  std::int64_t truncated = 0;                              ///< results that a limit cut
  std::vector<TransitionCount> breaker_transitions;        ///< the usual ones also with 0
  std::map<std::string, std::int64_t> refused;             ///< by ErrorCode word
  std::map<std::string, std::int64_t> errors_by_sqlstate;  ///< at most 50 kinds, then "other"
  std::chrono::system_clock::time_point registered_at;     ///< when it was connected or added
  std::optional<std::chrono::system_clock::time_point> last_used;  ///< when the last call ended
  std::chrono::milliseconds checked_ago{-1};   ///< since a connection last answered; -1: never
  std::chrono::microseconds response_time{0};  ///< of that answer
};

}  // namespace sluice
