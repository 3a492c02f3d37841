#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/settings_report.h"
#include "sluice/options.h"
#include "sluice/result.h"
#include "sluice/secret.h"
#include "sluice/target.h"

namespace sluice::config {

/// One database from the file or the environment; registered at start, connected on first use.
struct DatabaseConfig {
  std::string db_id;
  Target target;
  DatabaseOptions options;
};

/// What one client may send. 0: no limit.
struct ClientLimits {
  int requests_per_second = 0;  ///< on average
  int burst = 0;                ///< at once after a rest; 0: as many as in a second
  int concurrent = 0;           ///< under way at the same time
};

struct ApiKeyConfig {
  std::string name;            ///< shown in logs instead of the key
  Secret key;                  ///< at least 16 characters
  std::string role = "query";  ///< "query", "operator" or "admin"
  // Of this key; what is not given is as the section limits says.
  std::optional<int> requests_per_second = {};
  std::optional<int> burst = {};
  std::optional<int> concurrent = {};
};
/// What the client with this key may send.
[[nodiscard]] ClientLimits limits_of(const ApiKeyConfig& key, const ClientLimits& defaults);

struct ServerConfig {
  std::string listen = "127.0.0.1:8080";
  int workers = 0;
  int max_connections = 10'000;
  int max_in_flight = 10'000;                        ///< statements under way; 0: no limit
  std::int64_t max_in_flight_bytes = 1'073'741'824;  ///< of their bodies and results; 0: no limit
  std::int64_t max_head_bytes = 16'384;
  std::int64_t max_body_bytes = 1'048'576;
  std::int64_t idempotency_bytes = 67'108'864;   ///< for answers to requests with Idempotency-Key
  std::int64_t result_cache_bytes = 67'108'864;  ///< for the results of queries with cache_ttl_ms
  std::chrono::milliseconds head_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::int64_t min_read_bytes_per_second = 500;
  bool gzip = true;
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds drain_timeout{30'000};
  std::vector<std::string> cors_origins;
  std::vector<std::string> allowed_hosts;
  std::string chaos_socket;  ///< of the demo's control process; empty everywhere else
};

struct SecurityConfig {
  std::vector<ApiKeyConfig> api_keys;
  /// Hosts that dynamic connects may go to: names, addresses, CIDR blocks, "*.suffix", "*".
  std::vector<std::string> connect_hosts = {"localhost", "127.0.0.0/8", "::1"};
};

struct LogConfig {
  std::string level = "info";   ///< debug, info, warn, error
  std::string format = "auto";  ///< json, text, auto: text on a terminal
  bool access = true;           ///< one line per request
  bool pool_events = false;  ///< connect, checkout and checkin; at debug level, and shown whatever
                             ///< the level above
  std::chrono::milliseconds slow_query{
      1'000};                  ///< statements that take as long have a line; 0: none
  bool trace_comment = false;  ///< the caller's traceparent goes to the server as a comment
};

/// Connections to databases, of all pools together. 0: no limit.
struct PoolsConfig {
  int max_connections = 0;
  int max_connections_per_server = 0;  ///< to one host and port
};

struct MetricsConfig {
  std::int64_t max_series = 50'000;  ///< in one answer to a scrape
  std::vector<std::string> compat;   ///< "pgbouncer"
};

struct Config {
  ServerConfig server;
  SecurityConfig security;
  ClientLimits limits;  ///< of clients whose key names none, and of those without a key
  PoolsConfig pools;
  LogConfig log;
  MetricsConfig metrics;
  DatabaseOptions defaults;  ///< pool, query, breaker, session
  std::vector<DatabaseConfig> databases;
};

/// Names and values of environment variables. A variable set to nothing counts as not set.
using Environment = std::map<std::string, std::string, std::less<>>;
/// What this process was started with.
[[nodiscard]] Environment process_environment();

/// A mistake in the configuration, with its place.
struct ConfigMistake {
  std::string where;    ///< "config/sluice.yaml:12:3", or "SLUICE_POOL__MAX_SIZE"
  std::string message;  ///< what is wrong and what to write
};

struct LoadResult {
  Config config;
  std::vector<ConfigMistake> mistakes;  ///< empty: the configuration is good
  SettingsReport report;                ///< where each setting comes from
};

/// Reads `file` (a YAML file's path; empty: none) and the environment; the environment wins.
/// `${VAR}`,
/// `${VAR:-default}`, `${VAR:?message}` are replaced in YAML scalars, `$$` is a dollar sign;
/// `password_file:`, `key_file:` and SLUICE_…_FILE read secrets from files. Every mistake is
/// reported, not just the first; unknown keys are mistakes, with the nearest known key. All values
/// are checked, contradictions too, and a listen address other than loopback needs an API key.
/// Mistakes never contain secrets. Blocks on the disk; does not throw for anything in the file.
[[nodiscard]] LoadResult load(const std::string& file, const Environment& environment);

/// Adds the variables of a `.env` file (NAME=value lines, # comments, quotes) to `environment`;
/// variables that are really set win. Fails with one field error per bad line.
[[nodiscard]] Result<Environment> with_env_file(const std::string& file, Environment environment);

}  // namespace sluice::config
