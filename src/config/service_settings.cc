#include "config/service_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>

#include "base/setting_text.h"
#include "config/listen_address.h"

namespace sluice::config {
namespace {

using base::SettingKind;
using Values = std::vector<std::string>;
using Mistake = std::optional<std::string>;

template <auto section, auto member>
auto& field(Config& config) {
  return config.*section.*member;
}
template <auto section, auto member>
const auto& field(const Config& config) {
  return config.*section.*member;
}

struct Naming {
  std::string_view name;
  std::string_view description;
};

template <auto section, auto member, std::int64_t low, std::int64_t high>
constexpr ServiceSetting whole(SettingKind kind, const Naming& naming) {
  return {naming.name,
          kind,
          low,
          high,
          false,
          {},
          naming.description,
          [](Config& config, const Values& values) -> Mistake {
            const auto value = base::read_integer(values.front(), {low, high, {}});
            if (!value) return value.error();
            auto& target = field<section, member>(config);
            target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
            return std::nullopt;
          },
          [](const Config& config) { return std::to_string(field<section, member>(config)); }};
}

template <auto section, auto member, std::int64_t low>
constexpr ServiceSetting duration(const Naming& naming) {
  constexpr std::int64_t kDay = 86'400'000;
  return {
      naming.name,
      SettingKind::kMilliseconds,
      low,
      kDay,
      false,
      {},
      naming.description,
      [](Config& config, const Values& values) -> Mistake {
        const auto value = base::read_integer(values.front(), {low, kDay, "milliseconds"});
        if (!value) return value.error();
        field<section, member>(config) = std::chrono::milliseconds(*value);
        return std::nullopt;
      },
      [](const Config& config) { return std::to_string(field<section, member>(config).count()); }};
}

template <auto section, auto member>
constexpr ServiceSetting list(const Naming& naming) {
  constexpr std::int64_t kLongest = 255;
  return {naming.name,
          SettingKind::kText,
          1,
          kLongest,
          true,
          {},
          naming.description,
          [](Config& config, const Values& values) -> Mistake {
            for (const std::string& value : values) {
              const auto text = base::read_text(value, kLongest);
              if (!text) return text.error();
              if (value.empty()) return "must not contain empty entries";
            }
            field<section, member>(config) = values;
            return std::nullopt;
          },
          [](const Config& config) {
            return fmt::format("{}", fmt::join(field<section, member>(config), ","));
          }};
}

Mistake set_listen(Config& config, const Values& values) {
  auto wrong = check_listen_address(values.front());
  if (!wrong) config.server.listen = values.front();
  return wrong;
}

Mistake set_word(std::string& target, const std::string& word,
                 std::initializer_list<std::string_view> words) {
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    return fmt::format("must be one of {}, not {}", fmt::join(words, ", "), base::in_quotes(word));
  }
  target = word;
  return std::nullopt;
}

Mistake set_level(Config& config, const Values& values) {
  return set_word(config.log.level, values.front(), {"debug", "info", "warn", "error"});
}

Mistake set_format(Config& config, const Values& values) {
  return set_word(config.log.format, values.front(), {"auto", "json", "text"});
}

template <auto section, auto member>
constexpr ServiceSetting toggle(const Naming& naming, std::span<const std::string_view> also = {}) {
  return {naming.name,
          SettingKind::kBoolean,
          0,
          1,
          false,
          also,
          naming.description,
          [](Config& config, const Values& values) -> Mistake {
            const auto value = base::read_boolean(values.front());
            if (!value) return value.error();
            field<section, member>(config) = *value;
            return std::nullopt;
          },
          [](const Config& config) {
            return std::string(field<section, member>(config) ? "true" : "false");
          }};
}

/// The longest that sockaddr_un takes.
constexpr std::int64_t kLongestSocketPath = 107;

Mistake set_chaos_socket(Config& config, const Values& values) {
  const auto text = base::read_text(values.front(), kLongestSocketPath);
  if (!text) return text.error();
  config.server.chaos_socket = values.front();
  return std::nullopt;
}

constexpr auto kServer = &Config::server;
constexpr auto kLimits = &Config::limits;
constexpr auto kPools = &Config::pools;
constexpr std::array<std::string_view, 2> kPoolEventsNames{"DB_ECHO_POOL", "ENABLE_MONITORING"};

constexpr ServiceSetting word(const Naming& naming, std::string_view words,
                              decltype(ServiceSetting::set) set,
                              decltype(ServiceSetting::get) get) {
  return {naming.name, SettingKind::kWord, 0, 0, false, {}, naming.description, set, get, words};
}

Mistake set_compat(Config& config, const Values& values) {
  std::string word;
  for (const std::string& value : values) {
    if (auto wrong = set_word(word, value, {"pgbouncer"})) return wrong;
  }
  config.metrics.compat = values;
  return std::nullopt;
}

/// A list of words.
constexpr ServiceSetting compat_names() {
  ServiceSetting setting =
      word({"metrics.compat", "Other programs' names that metrics are given under as well."},
           "pgbouncer", set_compat, [](const Config& config) {
             return fmt::format("{}", fmt::join(config.metrics.compat, ","));
           });
  setting.is_list = true;
  return setting;
}

constexpr auto kInteger = SettingKind::kInteger;
constexpr auto kBytes = SettingKind::kBytes;

constexpr ServiceSetting kSettings[] = {
    word({"server.listen",
          "Where to listen. 0.0.0.0 and [::] are every address; only loopback and "
          "Unix sockets need no API key."},
         "HOST:PORT, [IPV6]:PORT, unix:/path", set_listen,
         [](const Config& config) { return config.server.listen; }),
    whole<kServer, &ServerConfig::workers, 0, 256>(
        kInteger, {"server.workers", "Worker threads; 0 is one per core."}),
    whole<kServer, &ServerConfig::max_connections, 1, 1'000'000>(
        kInteger,
        {"server.max_connections", "Client connections over all workers; more are answered 503."}),
    whole<kServer, &ServerConfig::max_in_flight, 0, 10'000'000>(
        kInteger, {"server.max_in_flight",
                   "Statements under way over all databases, waiting ones too; more are answered "
                   "503. 0 is no limit."}),
    whole<kServer, &ServerConfig::max_in_flight_bytes, 0, 1'099'511'627'776>(
        kBytes, {"server.max_in_flight_bytes",
                 "Memory for the bodies of these statements and for results above 64 KiB that "
                 "wait to be sent; what would exceed it is answered 503. 0 is no limit."}),
    whole<kServer, &ServerConfig::max_head_bytes, 1'024, 1'048'576>(
        kBytes, {"server.max_head_bytes", "Largest request line with headers."}),
    whole<kServer, &ServerConfig::max_body_bytes, 1'024, 1'073'741'824>(
        kBytes, {"server.max_body_bytes", "Largest request body."}),
    whole<kServer, &ServerConfig::idempotency_bytes, 65'536, 1'073'741'824>(
        kBytes, {"server.idempotency_bytes",
                 "Memory for the answers to requests with an Idempotency-Key, kept for a day."}),
    whole<kServer, &ServerConfig::result_cache_bytes, 0, 1'099'511'627'776>(
        kBytes, {"server.result_cache_bytes",
                 "Memory for the results of queries with cache_ttl_ms. 0: nothing is kept."}),
    duration<kServer, &ServerConfig::head_timeout, 1>(
        {"server.head_timeout_ms", "From a request's first byte to the end of its head."}),
    duration<kServer, &ServerConfig::body_timeout, 1>(
        {"server.body_timeout_ms", "From the end of the head to the end of the body."}),
    duration<kServer, &ServerConfig::idle_timeout, 1>(
        {"server.idle_timeout_ms", "How long a connection may rest between two requests."}),
    duration<kServer, &ServerConfig::write_timeout, 1>(
        {"server.write_timeout_ms", "A client that takes nothing for so long is dropped."}),
    whole<kServer, &ServerConfig::min_read_bytes_per_second, 0, 1'000'000'000>(
        kInteger,
        {"server.min_read_bytes_per_second",
         "A client that takes less than this, on the average of twice server.write_timeout_ms, is "
         "dropped. 0 is no limit."}),
    toggle<kServer, &ServerConfig::gzip>(
        {"server.gzip", "Compress what clients ask to have compressed, from 1 KiB on."}),
    duration<kServer, &ServerConfig::drain_delay, 0>(
        {"server.drain_delay_ms",
         "On SIGTERM: how long /readyz says no before the listener closes."}),
    duration<kServer, &ServerConfig::drain_timeout, 0>(
        {"server.drain_timeout_ms", "How long requests in flight may still take after that."}),
    list<kServer, &ServerConfig::cors_origins>(
        {"server.cors_origins", "Web pages that may call us, as https://app.example.com."}),
    list<kServer, &ServerConfig::allowed_hosts>(
        {"server.allowed_hosts",
         "Names that clients may give in the Host header, besides the listen address and "
         "loopback. While the list is empty, a gateway that is not on loopback takes every name."}),
    {"server.chaos_socket",
     SettingKind::kText,
     1,
     kLongestSocketPath,
     false,
     {},
     "For scripts/demo.sh --chaos: the Unix socket of the process that troubles the demo's "
     "databases. Loopback only.",
     set_chaos_socket,
     [](const Config& config) { return config.server.chaos_socket; }},
    list<&Config::security, &SecurityConfig::connect_hosts>(
        {"security.connect_hosts",
         "Hosts that POST /databases/connect may name: names, addresses, 10.0.0.0/8, *.suffix, * "
         "(everything on the network), /directories of Unix sockets."}),
    whole<kLimits, &ClientLimits::requests_per_second, 0, 100'000>(
        kInteger, {"limits.requests_per_second",
                   "Statements per second that one client may send on average; more are answered "
                   "429. 0 is no limit. A key may have limits of its own."}),
    whole<kLimits, &ClientLimits::burst, 0, 1'000'000>(
        kInteger, {"limits.burst",
                   "How many of them may come at once after a rest; 0 is as many as in a second."}),
    whole<kLimits, &ClientLimits::concurrent, 0, 1'000'000>(
        kInteger,
        {"limits.concurrent", "Statements that one client may have under way. 0 is no limit."}),
    whole<kPools, &PoolsConfig::max_connections, 0, 1'000'000>(
        kInteger, {"pools.max_connections",
                   "Connections of all databases together, shared in turn by those that need "
                   "them. 0 is no limit."}),
    whole<kPools, &PoolsConfig::max_connections_per_server, 0, 1'000'000>(
        kInteger, {"pools.max_connections_per_server",
                   "Connections of all databases on one host and port together. 0 is no limit."}),
    word({"log.level", "Lines below this level are not written."}, "debug, info, warn, error",
         set_level, [](const Config& config) { return config.log.level; }),
    word({"log.format", "How lines look; auto is text on a terminal, and else json."},
         "auto, json, text", set_format, [](const Config& config) { return config.log.format; }),
    toggle<&Config::log, &LogConfig::access>(
        {"log.access",
         "One line per request, at level info; what an open dashboard "
         "reads only when the level is debug."},
        {}),
    toggle<&Config::log, &LogConfig::pool_events>(
        {"log.pool_events",
         "Connect, checkout and checkin of every connection, whatever log.level says."},
        kPoolEventsNames),
    duration<&Config::log, &LogConfig::slow_query, 0>(
        {"log.slow_query_ms",
         "A statement that takes as long at the database gets a line, without its literals; 0: "
         "none does."}),
    toggle<&Config::log, &LogConfig::trace_comment>(
        {"log.trace_comment",
         "Appends a caller's traceparent header to the statement as an SQL comment. Such a "
         "statement is not prepared, as its text is never sent twice."},
        {}),
    whole<&Config::metrics, &MetricsConfig::max_series, 100, 10'000'000>(
        kInteger, {"metrics.max_series",
                   "Series of databases in one answer to a scrape; above it, whole databases are "
                   "left out and counted in sluice_metrics_dropped_series."}),
    compat_names(),
};

}  // namespace

std::span<const ServiceSetting> service_settings() { return kSettings; }

}  // namespace sluice::config
