#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sluice/export.h"

namespace sluice {

/// When a connection's session is cleaned before somebody else may use it.
enum class ResetPolicy {
  kDirty,   ///< after statements that are not known to leave the session alone
  kAlways,  ///< after every use; needed where triggers or views change session settings
  kNever,   ///< only a transaction left open is rolled back
};

/// Whether an idle connection is tried (`SELECT 1`) before it is handed out. A closed socket is
/// noticed at once in every case.
enum class PrePing {
  kAuto,    ///< when it was idle for more than 30 s, or since before the last failure
  kAlways,  ///< before every use: one more round trip
  kNever,   ///< a dead connection is noticed by whoever uses it
};

/// What a pool does when callers have waited too long for some time.
enum class Shedding {
  kOff,    ///< first come, first served, until each caller's deadline
  kCodel,  ///< refuses those who waited longest and serves the newest first, until it is over
};

/// Whether a pool lends fewer connections while its database shows that it has too much to do.
enum class AdaptiveLimit {
  kOff,      ///< no
  kShadow,   ///< it reports how many it would lend
  kEnforce,  ///< yes
};

/// How many connections a pool uses.
enum class PoolSizing {
  kFixed,    ///< up to PoolOptions::max_size
  kDynamic,  ///< as many as the database turns out to be fastest with, at most max_size
};

/// The connection pool of one database. Limits hold for the database as a whole; with several
/// shards each shard gets its part.
struct PoolOptions {
  int max_size = 10;     ///< permanent connections, at least 1
  int max_overflow = 0;  ///< extra ones under load, closed when idle for 1 s
  int min_size = 0;      ///< kept open while the pool is in use
  int shards = 1;        ///< how many worker threads share the database
  std::chrono::milliseconds acquire_timeout{5'000};  ///< or the call's own deadline, if sooner
  int max_waiters = 0;  ///< callers that may queue; 0: 64 × max_size, at most 1,000
  std::chrono::milliseconds connect_timeout{5'000};  ///< of opening one connection, log-in included
  /// Age at which a connection is replaced, less 0–10 % drawn once per connection. 0: never.
  std::chrono::milliseconds max_lifetime{3'600'000};
  std::chrono::milliseconds idle_timeout{300'000};  ///< of connections above min_size. 0: never
  std::int64_t max_queries = 50'000;                ///< per connection. 0: unlimited
  PrePing pre_ping = PrePing::kAuto;                ///< when an idle connection is tried
  std::chrono::milliseconds keepalive{30'000};  ///< heartbeat on idle connections, ±10 %. 0: none
  /// After so long without a call the pool closes all its connections; the database stays
  /// registered and the next call opens it again. 0: never.
  std::chrono::milliseconds pool_idle_timeout{1'800'000};
  ResetPolicy reset = ResetPolicy::kDirty;  ///< when a session is cleaned for its next user
  /// Prepared statements kept per connection, least recently used first out. 0: unnamed statements
  /// only, as transaction-pooling proxies need.
  int statement_cache = 256;
  /// How many of the callers who wait for a connection may be given the same one, if they want to
  /// run short reads: those are sent together and cost the server one wake-up. 1: nobody shares.
  /// What it may cost others is in docs/pool.md.
  int pipeline_depth = 16;
  Shedding shedding = Shedding::kOff;  ///< of callers, when all of them wait long
  AdaptiveLimit adaptive_limit = AdaptiveLimit::kShadow;  ///< of connections lent at once
  /// Callers wait in turn by client, and while others wait no client is lent more than half of the
  /// connections.
  bool fair_shares = true;
  PoolSizing sizing = PoolSizing::kFixed;  ///< how many connections are used

  /// The bound that is in force: `max_waiters`, or its default.
  [[nodiscard]] int effective_max_waiters() const {
    if (max_waiters > 0) return max_waiters;
    return max_size > 15 ? 1'000 : 64 * max_size;
  }
};

/// Bounds on single calls.
struct QueryLimits {
  std::chrono::milliseconds timeout{30'000};       ///< of a call that names none
  std::chrono::milliseconds max_timeout{600'000};  ///< the longest a call may ask for
  /// Of a stream that names no timeout, pauses included; it fails sooner when the server gives no
  /// row for `timeout`. The longest it may ask for, if that is more than max_timeout.
  std::chrono::milliseconds stream_timeout{3'600'000};
  std::int64_t max_result_bytes = 33'554'432;  ///< of a buffered result
};

/// Interactive sessions of the gateway: connections that clients keep for several statements.
struct SessionLimits {
  std::chrono::milliseconds idle_timeout{30'000};   ///< between two statements
  std::chrono::milliseconds max_duration{300'000};  ///< from opening to the end
  int max_per_database = 5;                         ///< at once. 0: none
};

/// The circuit breaker of one database (of each of its shards).
struct BreakerOptions {
  std::chrono::milliseconds window{10'000};   ///< what the rates are taken over
  int minimum_calls = 10;                     ///< fewer calls in the window never open it
  double failure_rate = 0.5;                  ///< share of failed calls that opens it, 0–1
  int consecutive_connect_failures = 5;       ///< that many in a row open it
  double slow_rate = 0.8;                     ///< share of slow connects and pings that opens it
  std::chrono::milliseconds slow{1'000};      ///< what counts as slow; never SQL time or queueing
  std::chrono::milliseconds open_for{1'000};  ///< first open time; doubles, ± 20 % jitter
  std::chrono::milliseconds max_open_for{60'000};  ///< the longest open time
  int half_open_successes = 5;  ///< user calls that must succeed before it closes
};

/// Which of a database's hosts a call may go to. Only read-only calls have a choice.
enum class Route {
  kPrimary,        ///< the one that takes writes
  kPreferReplica,  ///< a replica that is up and not too far behind; without one, the primary
  kReplica,        ///< likewise, but never the primary
  kAny,            ///< the primary or such a replica
};

/// The word for a route: "primary", "prefer_replica", "replica", "any".
[[nodiscard]] SLUICE_API std::string_view to_string(Route route);

/// What a database with several hosts does with them. A single host ignores it.
struct RoutingOptions {
  Route route = Route::kPrimary;  ///< of read-only calls that name none
  /// A replica that is further behind the primary gets no calls. 0: however far.
  std::chrono::milliseconds max_lag{10'000};
  std::chrono::milliseconds monitor_interval{2'000};  ///< between two looks at a host, ± 20 %
  /// How long a call waits for a primary when there is none, or until its own deadline.
  std::chrono::milliseconds primary_wait{5'000};
};

/// The session every connection starts with. Sent in the start-up packet, so that resetting the
/// session returns to it.
struct SessionOptions {
  std::chrono::milliseconds statement_timeout{-1};  ///< -1: as QueryLimits::timeout. 0: none
  std::chrono::milliseconds idle_in_transaction_timeout{60'000};  ///< the server's own. 0: none
  std::string time_zone = "UTC";                                  ///< PostgreSQL's TimeZone
  std::string search_path;                                        ///< schemas; empty: the server's
  std::string application_name = "sluice";                        ///< shown in pg_stat_activity
  bool jit = false;                             ///< whether the server may compile just in time
  std::map<std::string, std::string> settings;  ///< any other PostgreSQL parameter
};

/// Everything that can be set for one database. Aggregates of plain values; validated when used.
struct DatabaseOptions {
  PoolOptions pool;                           ///< its connections
  QueryLimits query;                          ///< its calls
  BreakerOptions breaker;                     ///< its circuit breaker
  SessionOptions session;                     ///< what each connection starts with
  RoutingOptions routing;                     ///< which of several hosts is used
  SessionLimits sessions;                     ///< its interactive sessions
  std::map<std::string, std::string> labels;  ///< for choosing groups of databases
  bool required = false;                      ///< the process is not ready while it is down
};

}  // namespace sluice
