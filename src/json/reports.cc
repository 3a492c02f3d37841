#include "json/reports.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

#include "base/settings.h"
#include "json/report_parts.h"
#include "json/writer.h"

namespace sluice::json {
namespace {

using std::chrono::system_clock;

void write_setting(Writer& writer, const base::Setting& setting, const DatabaseOptions& options) {
  const std::string name(setting.name.substr(setting.name.find('.') + 1));
  const std::string value = setting.get(options);
  switch (setting.kind) {
    case base::SettingKind::kInteger:
    case base::SettingKind::kMilliseconds:
    case base::SettingKind::kBytes:
    case base::SettingKind::kRatio:
    case base::SettingKind::kBoolean:
      writer.raw_field(name, value);
      return;
    case base::SettingKind::kWord:
    case base::SettingKind::kText:
      writer.field(name, value);
      return;
  }
}

/// Extensions keep keys in parameters of their own; whoever may read settings need not know them.
bool looks_secret(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::array<std::string_view, 6> kWords{"password", "passwd",     "secret",
                                                   "token",    "credential", "key"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

void write_session_settings(Writer& writer, const SessionOptions& session) {
  writer.begin_object("settings");
  for (const auto& [name, value] : session.settings) {
    writer.field(name, looks_secret(name) ? std::string_view("(hidden)") : std::string_view(value));
  }
  writer.end_object();
}

/// One section of the settings, under the names they have in requests.
void write_section(Writer& writer, std::string_view section, const DatabaseOptions& options) {
  for (const base::Setting& setting : base::settings()) {
    if (setting.name.substr(0, setting.name.find('.')) == section) {
      write_setting(writer, setting, options);
    }
  }
  if (section == "session") write_session_settings(writer, options.session);
}

void write_settings(Writer& writer, const DatabaseOptions& options) {
  writer.begin_object("settings");
  for (const std::string_view section :
       {"pool", "query", "breaker", "session", "routing", "sessions"}) {
    writer.begin_object(section);
    write_section(writer, section, options);
    writer.end_object();
  }
  writer.end_object();
}

void write_database(Writer& writer, const DatabaseStats& stats, system_clock::time_point now) {
  writer.begin_object();
  write_summary(writer, stats, now);
  write_settings(writer, stats.options);
  writer.end_object();
}

void write_live_connections(Writer& writer, const DatabaseStats& stats) {
  const PoolStats& pool = stats.pool;
  writer.field("db_id", stats.db_id).field("state", to_string(stats.state));
  writer.field("pool_size", pool.total()).field("free_connections", pool.idle);
  writer.field("used_connections", pool.used);
  writer.field("max_size", stats.options.pool.max_size);
  writer.field("min_size", stats.options.pool.min_size);
  writer.field("overflow_connections", pool.overflow).field("waiting", pool.waiting);
  writer.field("utilization", utilization(stats));
}

std::int64_t sum(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}

void write_sessions(Writer& writer, const DatabaseStats& stats) {
  const SessionStats& sessions = stats.sessions;
  writer.begin_object("sessions");
  writer.field("open", sessions.open).field("running", sessions.running);
  writer.field("in_transaction", sessions.in_transaction);
  writer.field("max", stats.options.sessions.max_per_database).field("opened", sessions.opened);
  write_counts(writer, "ended", sessions.ended);
  writer.end_object();
}

void write_streams(Writer& writer, const StreamStats& streams) {
  writer.begin_object("streams").field("running", streams.running);
  writer.field("paused", streams.paused).end_object();
}

void write_totals(Writer& writer, const DatabaseStats& stats) {
  const PoolStats& pool = stats.pool;
  writer.field("queries_executed", stats.queries).field("errors", stats.errors);
  writer.field("error_rate", stats.error_rate);
  writer.field("queries_per_second", stats.queries_per_second);
  writer.field("avg_acquire_time_ms", stats.average_acquire_time);
  write_percentiles(writer, "acquire_ms", stats.acquire_time);
  write_percentiles(writer, "query_ms", stats.query_time);
  writer.field("rows", stats.rows);
  writer.field("connections_created", pool.connections_created);
  writer.field("connections_closed", sum(pool.connections_closed));
  writer.field("connections_acquired", pool.acquired);
  writer.field("connections_released", pool.released);
  writer.field("connect_errors", pool.connect_errors);
  writer.field("timeouts", pool.acquire_timeouts);
  write_overload(writer, pool);
  write_counts(writer, "refused", stats.refused);
  write_counts(writer, "errors_by_sqlstate", stats.errors_by_sqlstate);
  write_sessions(writer, stats);
  write_streams(writer, stats.streams);
}

void write_metrics(Writer& writer, const DatabaseStats& stats, std::string_view server_json) {
  const auto now = system_clock::now();
  writer.begin_object();
  write_live_connections(writer, stats);
  write_totals(writer, stats);
  writer.field("last_used", stats.last_used).field("start_time", stats.registered_at);
  const std::chrono::duration<double> uptime = now - stats.registered_at;
  writer.field("uptime_seconds", std::max(uptime.count(), 0.0));
  write_breaker(writer, stats.breaker, now);
  write_hosts(writer, stats);
  writer.begin_object("pool_config");
  write_section(writer, "pool", stats.options);
  writer.end_object();
  if (!server_json.empty()) writer.raw_field("server", server_json);
  writer.end_object();
}

void write_health(Writer& writer, const DatabaseHealth& database) {
  writer.begin_object();
  writer.field("db_id", database.db_id).field("healthy", database.healthy);
  writer.field("required", database.required).field("status", database.status);
  writer.field("response_time_ms", database.response_time);
  writer.field("checked_ms_ago", database.checked_ago);
  writer.field("utilization", database.utilization);
  writer.begin_array("warnings");
  for (const std::string& warning : database.warnings) writer.element(warning);
  writer.end_array();
  writer.end_object();
}

}  // namespace

std::string to_json(const Connected& connected) {
  Writer writer;
  writer.begin_object();
  writer.field("db_id", connected.db_id).field("status", "connected");
  writer.field("created", connected.created);
  if (!connected.created) {
    writer.begin_array("updated");
    for (const std::string& name : connected.updated) writer.element(name);
    writer.end_array();
  }
  writer.field("server_version", connected.server_version);
  writer.field("latency_ms", connected.latency);
  writer.end_object();
  return writer.take();
}

std::string database_to_json(const DatabaseStats& stats) {
  Writer writer;
  write_database(writer, stats, system_clock::now());
  return writer.take();
}

std::string databases_to_json(const std::vector<DatabaseStats>& stats) {
  const auto now = system_clock::now();
  Writer writer;
  writer.begin_object().begin_array("databases");
  for (const DatabaseStats& each : stats) write_database(writer, each, now);
  writer.end_array().field("count", stats.size()).end_object();
  return writer.take();
}

std::string metrics_to_json(const DatabaseStats& stats, std::string_view server_json) {
  Writer writer;
  write_metrics(writer, stats, server_json);
  return writer.take();
}

std::string metrics_to_json(const std::vector<DatabaseStats>& stats) {
  Writer writer;
  writer.begin_object().begin_array("pools");
  for (const DatabaseStats& each : stats) write_metrics(writer, each, {});
  writer.end_array().field("count", stats.size()).end_object();
  return writer.take();
}

std::string to_json(const Health& health, bool with_databases) {
  const auto& databases = health.databases;
  const auto healthy = std::count_if(databases.begin(), databases.end(),
                                     [](const DatabaseHealth& each) { return each.healthy; });
  Writer writer;
  writer.begin_object();
  writer.field("status", to_string(health.verdict)).field("timestamp", system_clock::now());
  writer.begin_object("pools");
  writer.field("total", databases.size()).field("healthy", healthy);
  writer.end_object();
  if (with_databases) {
    writer.begin_array("databases");
    for (const DatabaseHealth& each : databases) write_health(writer, each);
    writer.end_array();
  }
  writer.end_object();
  return writer.take();
}

std::string why_to_json(const DatabaseStats& stats) {
  Writer writer;
  writer.begin_object();
  writer.field("db_id", stats.db_id).field("state", to_string(stats.state));
  writer.field("explanation", stats.breaker.explanation);
  write_breaker(writer, stats.breaker, system_clock::now());
  write_pool(writer, stats);
  write_hosts(writer, stats);
  writer.end_object();
  return writer.take();
}

}  // namespace sluice::json
