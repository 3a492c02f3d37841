#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/setting_text.h"
#include "base/settings.h"

namespace sluice::base {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kMonth = 30 * kDay;

/// A field of a section of the options, for instance pool.max_size.
template <auto section, auto member>
auto& field(DatabaseOptions& options) {
  return options.*section.*member;
}
template <auto section, auto member>
const auto& field(const DatabaseOptions& options) {
  return options.*section.*member;
}

struct Naming {
  std::string_view name;
  std::span<const SettingAlias> also;
  std::string_view description;
};

template <auto section, auto member, std::int64_t low, std::int64_t high>
constexpr Setting whole(SettingKind kind, const Naming& naming) {
  return {naming.name,
          kind,
          static_cast<double>(low),
          static_cast<double>(high),
          naming.also,
          naming.description,
          [](DatabaseOptions& options, std::string_view text) -> std::optional<std::string> {
            const auto value = read_integer(text, {low, high, {}});
            if (!value) return value.error();
            auto& target = field<section, member>(options);
            target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
            return std::nullopt;
          },
          [](const DatabaseOptions& options) {
            return std::to_string(field<section, member>(options));
          }};
}

template <auto section, auto member, std::int64_t low, std::int64_t high>
constexpr Setting duration(const Naming& naming) {
  return {naming.name,
          SettingKind::kMilliseconds,
          static_cast<double>(low),
          static_cast<double>(high),
          naming.also,
          naming.description,
          [](DatabaseOptions& options, std::string_view text) -> std::optional<std::string> {
            const auto value = read_integer(text, {low, high, "milliseconds"});
            if (!value) return value.error();
            field<section, member>(options) = milliseconds(*value);
            return std::nullopt;
          },
          [](const DatabaseOptions& options) {
            return std::to_string(field<section, member>(options).count());
          }};
}

template <auto section, auto member>
constexpr Setting ratio(const Naming& naming) {
  constexpr double kLow = 0.01;
  return {
      naming.name,
      SettingKind::kRatio,
      kLow,
      1,
      naming.also,
      naming.description,
      [](DatabaseOptions& options, std::string_view text) -> std::optional<std::string> {
        const auto value = read_number(text, kLow, 1, "a share");
        if (!value) return value.error();
        field<section, member>(options) = *value;
        return std::nullopt;
      },
      [](const DatabaseOptions& options) { return write_number(field<section, member>(options)); }};
}

template <auto section, auto member, std::size_t longest, bool may_be_empty>
constexpr Setting text_of(const Naming& naming) {
  return {naming.name,
          SettingKind::kText,
          may_be_empty ? 0 : 1,
          static_cast<double>(longest),
          naming.also,
          naming.description,
          [](DatabaseOptions& options, std::string_view text) -> std::optional<std::string> {
            if (!may_be_empty && text.empty()) return "must not be empty";
            auto value = read_text(text, longest);
            if (!value) return value.error();
            field<section, member>(options) = *std::move(value);
            return std::nullopt;
          },
          [](const DatabaseOptions& options) { return field<section, member>(options); }};
}

/// "dirty, always or never".
std::string one_of(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

std::optional<std::string> set_pre_ping(DatabaseOptions& options, std::string_view text) {
  PrePing& value = options.pool.pre_ping;
  if (text == "auto") return value = PrePing::kAuto, std::nullopt;
  if (text == "always") return value = PrePing::kAlways, std::nullopt;
  if (text == "never") return value = PrePing::kNever, std::nullopt;
  if (const auto flag = read_boolean(text)) {  // as other pools have it
    return value = *flag ? PrePing::kAlways : PrePing::kNever, std::nullopt;
  }
  return "must be auto, always or never, not " + in_quotes(text);
}

std::string get_pre_ping(const DatabaseOptions& options) {
  if (options.pool.pre_ping == PrePing::kAlways) return "always";
  return options.pool.pre_ping == PrePing::kNever ? "never" : "auto";
}

/// A choice among words, which are named in the order of the enumeration, as "off, codel".
template <auto section, auto member, const auto& words>
constexpr Setting word(const Naming& naming, std::string_view listed) {
  return {naming.name,
          SettingKind::kWord,
          0,
          0,
          naming.also,
          naming.description,
          [](DatabaseOptions& options, std::string_view text) -> std::optional<std::string> {
            for (std::size_t i = 0; i < words.size(); ++i) {
              if (text != words[i]) continue;
              auto& target = field<section, member>(options);
              target = static_cast<std::remove_reference_t<decltype(target)>>(i);
              return std::nullopt;
            }
            return "must be " + one_of(words) + ", not " + in_quotes(text);
          },
          [](const DatabaseOptions& options) {
            return std::string(words[static_cast<std::size_t>(field<section, member>(options))]);
          },
          listed};
}

template <auto section, auto member>
constexpr Setting flag(const Naming& naming) {
  return {naming.name,
          SettingKind::kBoolean,
          0,
          0,
          naming.also,
          naming.description,
          [](DatabaseOptions& options, std::string_view text) -> std::optional<std::string> {
            const auto value = read_boolean(text);
            if (!value) return value.error();
            field<section, member>(options) = *value;
            return std::nullopt;
          },
          [](const DatabaseOptions& options) {
            return std::string(field<section, member>(options) ? "true" : "false");
          }};
}

using Word = std::string_view;
constexpr std::array kResetWords{Word{"dirty"}, Word{"always"}, Word{"never"}};
constexpr std::array kSheddingWords{Word{"off"}, Word{"codel"}};
constexpr std::array kLimitWords{Word{"off"}, Word{"shadow"}, Word{"enforce"}};
constexpr std::array kSizingWords{Word{"fixed"}, Word{"dynamic"}};

std::optional<std::string> set_route(DatabaseOptions& options, std::string_view text) {
  for (const Route route : {Route::kPrimary, Route::kPreferReplica, Route::kReplica, Route::kAny}) {
    if (text == to_string(route)) return options.routing.route = route, std::nullopt;
  }
  return "must be primary, prefer_replica, replica or any, not " + in_quotes(text);
}

std::string get_route(const DatabaseOptions& options) {
  return std::string(to_string(options.routing.route));
}

constexpr auto kSeconds = AliasUnit::kSeconds;
constexpr std::array kMaxSizeNames{SettingAlias{"POOL_MAX_SIZE"}, SettingAlias{"DB_POOL_SIZE"}};
constexpr std::array kMaxOverflowNames{SettingAlias{"DB_MAX_OVERFLOW"}};
constexpr std::array kMinSizeNames{SettingAlias{"POOL_MIN_SIZE"}};
constexpr std::array kAcquireNames{SettingAlias{"DB_POOL_TIMEOUT", kSeconds},
                                   SettingAlias{"WAIT_QUEUE_TIMEOUT_MS"}};
constexpr std::array kWaitersNames{SettingAlias{"WAIT_QUEUE_MULTIPLE", AliasUnit::kTimesMaxSize}};
constexpr std::array kConnectNames{SettingAlias{"CONNECT_TIMEOUT", kSeconds},
                                   SettingAlias{"DB_CONNECT_TIMEOUT", kSeconds},
                                   SettingAlias{"SERVER_SELECTION_TIMEOUT_MS"}};
constexpr std::array kLifetimeNames{SettingAlias{"DB_POOL_RECYCLE", kSeconds}};
constexpr std::array kIdleNames{SettingAlias{"POOL_MAX_INACTIVE_TIME", kSeconds},
                                SettingAlias{"MAX_IDLE_TIME_MS"}};
constexpr std::array kMaxQueriesNames{SettingAlias{"POOL_MAX_QUERIES"}};
constexpr std::array kPrePingNames{SettingAlias{"DB_POOL_PRE_PING"}};
constexpr std::array kKeepaliveNames{SettingAlias{"HEARTBEAT_FREQUENCY_MS"}};
constexpr std::array kPoolIdleNames{SettingAlias{"POOL_IDLE_TIMEOUT", kSeconds}};
constexpr std::array kQueryTimeoutNames{SettingAlias{"COMMAND_TIMEOUT", kSeconds},
                                        SettingAlias{"DB_COMMAND_TIMEOUT", kSeconds}};

constexpr auto kPool = &DatabaseOptions::pool;
constexpr auto kQuery = &DatabaseOptions::query;
constexpr auto kBreaker = &DatabaseOptions::breaker;
constexpr auto kRouting = &DatabaseOptions::routing;
constexpr auto kSessions = &DatabaseOptions::sessions;
constexpr auto kSession = &DatabaseOptions::session;
constexpr auto kInteger = SettingKind::kInteger;

constexpr Setting kSettings[] = {
    whole<kPool, &PoolOptions::max_size, 1, 10'000>(
        kInteger, {"pool.max_size", kMaxSizeNames, "Permanent connections to the database."}),
    whole<kPool, &PoolOptions::max_overflow, 0, 10'000>(
        kInteger, {"pool.max_overflow", kMaxOverflowNames,
                   "Extra connections under load, closed when idle for 1 s."}),
    whole<kPool, &PoolOptions::min_size, 0, 10'000>(
        kInteger,
        {"pool.min_size", kMinSizeNames, "Connections kept open while the pool is in use."}),
    whole<kPool, &PoolOptions::shards, 1, 256>(
        kInteger, {"pool.shards", {}, "How many worker threads share the database."}),
    duration<kPool, &PoolOptions::acquire_timeout, 1, kDay>(
        {"pool.acquire_timeout_ms", kAcquireNames,
         "How long a call waits for a connection, in milliseconds; its own deadline if sooner."}),
    whole<kPool, &PoolOptions::max_waiters, 0, 1'000'000>(
        kInteger, {"pool.max_waiters", kWaitersNames,
                   "Calls that may wait for a connection; 0 is 64 × max_size, at most 1000."}),
    duration<kPool, &PoolOptions::connect_timeout, 1, kDay>(
        {"pool.connect_timeout_ms", kConnectNames,
         "How long opening a connection may take, in milliseconds."}),
    duration<kPool, &PoolOptions::max_lifetime, 0, kMonth>(
        {"pool.max_lifetime_ms", kLifetimeNames,
         "Age at which a connection is replaced, in milliseconds, less 0-10 %; 0 is never."}),
    duration<kPool, &PoolOptions::idle_timeout, 0, kMonth>(
        {"pool.idle_timeout_ms", kIdleNames,
         "Idle connections above min_size are closed after so many milliseconds; 0 is never."}),
    whole<kPool, &PoolOptions::max_queries, 0, 1'000'000'000'000>(
        kInteger, {"pool.max_queries", kMaxQueriesNames,
                   "Queries after which a connection is replaced; 0 is unlimited."}),
    {"pool.pre_ping", SettingKind::kWord, 0, 0, kPrePingNames,
     "Whether an idle connection is tried before use: auto, always or never.", set_pre_ping,
     get_pre_ping, "auto, always, never"},
    duration<kPool, &PoolOptions::keepalive, 0, kDay>(
        {"pool.keepalive_ms", kKeepaliveNames,
         "Heartbeat on idle connections, in milliseconds, ± 10 %; 0 is none."}),
    duration<kPool, &PoolOptions::pool_idle_timeout, 0, kMonth>(
        {"pool.pool_idle_timeout_ms", kPoolIdleNames,
         "An unused pool closes all its connections after so many milliseconds; 0 is never."}),
    word<kPool, &PoolOptions::reset, kResetWords>(
        {"pool.reset",
         {},
         "When a session is cleaned before its next user: dirty, always or never."},
        "dirty, always, never"),
    whole<kPool, &PoolOptions::statement_cache, 0, 100'000>(
        kInteger, {"pool.statement_cache",
                   {},
                   "Prepared statements kept per connection; 0 for transaction-pooling proxies."}),
    whole<kPool, &PoolOptions::pipeline_depth, 1, 64>(
        kInteger, {"pool.pipeline_depth",
                   {},
                   "Short reads that may be sent together on one connection; 1: each by itself."}),
    flag<kPool, &PoolOptions::fair_shares>(
        {"pool.fair_shares",
         {},
         "Clients take turns waiting, each with at most half of the connections meanwhile."}),
    word<kPool, &PoolOptions::shedding, kSheddingWords>(
        {"pool.shedding",
         {},
         "Under sustained delay, refuse who waited longest and serve the newest: off or codel."},
        "off, codel"),
    word<kPool, &PoolOptions::adaptive_limit, kLimitWords>(
        {"pool.adaptive_limit",
         {},
         "Fewer connections lent while the database has too much to do: off, shadow or enforce."},
        "off, shadow, enforce"),
    word<kPool, &PoolOptions::sizing, kSizingWords>(
        {"pool.sizing",
         {},
         "Connections used: up to max_size, or as many as are fastest: fixed or dynamic."},
        "fixed, dynamic"),
    duration<kQuery, &QueryLimits::timeout, 1, kDay>(
        {"query.timeout_ms", kQueryTimeoutNames,
         "How long a call that names no time may take, in milliseconds."}),
    duration<kQuery, &QueryLimits::max_timeout, 1, kDay>(
        {"query.max_timeout_ms", {}, "The longest time a call may ask for, in milliseconds."}),
    duration<kQuery, &QueryLimits::stream_timeout, 1, kDay>(
        {"query.stream_timeout_ms",
         {},
         "How long a stream that names no time may take, in milliseconds."}),
    whole<kQuery, &QueryLimits::max_result_bytes, 1, 2'147'483'647>(
        SettingKind::kBytes,
        {"query.max_result_bytes", {}, "The largest result that is not streamed, in bytes."}),
    duration<kBreaker, &BreakerOptions::window, 1'000, 3'600'000>(
        {"breaker.window_ms", {}, "What the rates are taken over, in milliseconds."}),
    whole<kBreaker, &BreakerOptions::minimum_calls, 1, 1'000'000>(
        kInteger,
        {"breaker.minimum_calls", {}, "Fewer calls in the window never open the breaker."}),
    ratio<kBreaker, &BreakerOptions::failure_rate>(
        {"breaker.failure_rate", {}, "Share of failed calls that opens the breaker, up to 1."}),
    whole<kBreaker, &BreakerOptions::consecutive_connect_failures, 1, 10'000>(
        kInteger, {"breaker.consecutive_connect_failures",
                   {},
                   "Failed connects in a row that open the breaker."}),
    ratio<kBreaker, &BreakerOptions::slow_rate>(
        {"breaker.slow_rate",
         {},
         "Share of slow connects and pings that opens the breaker, up to 1."}),
    duration<kBreaker, &BreakerOptions::slow, 1, kDay>(
        {"breaker.slow_ms", {}, "A connect or ping is slow over so many milliseconds."}),
    duration<kBreaker, &BreakerOptions::open_for, 1, kDay>(
        {"breaker.open_ms",
         {},
         "How long the breaker is open at first, in milliseconds; doubles each time."}),
    duration<kBreaker, &BreakerOptions::max_open_for, 1, kDay>(
        {"breaker.max_open_ms", {}, "The longest time it stays open, in milliseconds."}),
    whole<kBreaker, &BreakerOptions::half_open_successes, 1, 10'000>(
        kInteger, {"breaker.half_open_successes",
                   {},
                   "User calls that must succeed before the breaker closes."}),
    duration<kSession, &SessionOptions::statement_timeout, -1, kDay>(
        {"session.statement_timeout_ms",
         {},
         "The server's own limit, in milliseconds; -1 is as query.timeout_ms, 0 is none."}),
    duration<kSession, &SessionOptions::idle_in_transaction_timeout, 0, kDay>(
        {"session.idle_in_transaction_timeout_ms",
         {},
         "How long a transaction may idle, in milliseconds; 0 is for ever."}),
    text_of<kSession, &SessionOptions::time_zone, 100, false>(
        {"session.time_zone", {}, "The session's time zone."}),
    text_of<kSession, &SessionOptions::search_path, 1'000, true>(
        {"session.search_path", {}, "The session's schemas; empty is what the server says."}),
    text_of<kSession, &SessionOptions::application_name, 63, false>(
        {"session.application_name", {}, "The name shown in pg_stat_activity."}),
    flag<kSession, &SessionOptions::jit>(
        {"session.jit", {}, "Whether the server may compile queries just in time."}),
    {"routing.route",
     SettingKind::kWord,
     0,
     0,
     {},
     "Which of several hosts read-only calls go to, if they name none.",
     set_route,
     get_route,
     "primary, prefer_replica, replica, any"},
    duration<kRouting, &RoutingOptions::max_lag, 0, kDay>(
        {"routing.max_lag_ms",
         {},
         "A replica further behind gets no calls, in milliseconds; 0 is however far."}),
    duration<kRouting, &RoutingOptions::monitor_interval, 100, 3'600'000>(
        {"routing.monitor_interval_ms",
         {},
         "Between two looks at each of several hosts, in milliseconds, ± 20 %."}),
    duration<kRouting, &RoutingOptions::primary_wait, 0, 600'000>(
        {"routing.primary_wait_ms",
         {},
         "How long a call waits for a primary, in milliseconds; its own deadline if sooner."}),
    duration<kSessions, &SessionLimits::idle_timeout, 1, kDay>(
        {"sessions.idle_timeout_ms",
         {},
         "An interactive session without a statement for so many milliseconds is ended."}),
    duration<kSessions, &SessionLimits::max_duration, 1, kDay>(
        {"sessions.max_duration_ms",
         {},
         "The longest life of an interactive session, in milliseconds."}),
    whole<kSessions, &SessionLimits::max_per_database, 0, 10'000>(
        kInteger, {"sessions.max_per_database",
                   {},
                   "Interactive sessions at once, each with one of the pool's connections, of "
                   "which they leave "
                   "at least one; 0: none."}),
};

}  // namespace

std::span<const Setting> settings() { return kSettings; }

}  // namespace sluice::base
