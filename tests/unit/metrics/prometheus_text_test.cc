#include "metrics/prometheus_text.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "unit/metrics/exposition.h"

namespace sluice::metrics {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

Histogram some_histogram() {
  Histogram histogram;
  histogram.buckets = {{microseconds(500), 1}, {milliseconds(1), 3}, {milliseconds(5), 3}};
  histogram.count = 4;
  histogram.sum = milliseconds(9);
  return histogram;
}

DatabaseStats database(std::string db_id) {
  DatabaseStats stats;
  stats.db_id = std::move(db_id);
  stats.target = "app@db1.internal:6432/orders";
  stats.pool.idle = 2;
  stats.pool.used = 3;
  stats.pool.waiting = 4;
  stats.pool.oldest_wait = milliseconds(250);
  stats.pool.acquire_timeouts = 5;
  stats.pool.refused_late = 6;
  stats.pool.lendable = 8;
  stats.pool.adaptive_limit = 8;
  stats.pool.limit_cuts = 2;
  stats.pool.clients_waiting = 3;
  stats.pool.connections_created = 9;
  stats.pool.connections_closed = {{"idle", 2}, {"lifetime", 1}};
  stats.options.pool.min_size = 1;
  stats.queries = 90;
  stats.errors = 9;
  stats.refused = {{"queue_full", 2}, {"breaker_open", 1}};
  stats.errors_by_sqlstate = {{"23505", 4}, {"other", 1}};
  stats.acquire_histogram = some_histogram();
  stats.query_histogram = some_histogram();
  stats.operations = {{"SELECT", "", some_histogram()}};
  stats.row_histogram = {{{1, 2}, {2, 3}}, 4, 20};
  stats.breaker_transitions = {{BreakerState::kClosed, BreakerState::kOpen, "failure_rate", 3}};
  stats.breaker.opened_count = 2;
  stats.breaker.rejected = 7;
  return stats;
}

ProcessFacts facts() {
  ProcessFacts facts;
  facts.version = "0.1.0";
  facts.libpq_version = "15.8";
  facts.usage = read_process_usage();
  HttpMetrics worker;
  worker.record({"POST", "/query/:db_id", 200}, microseconds(800));
  worker.record({"POST", "/query/:db_id", 503}, milliseconds(20));
  const HttpMetrics* const workers[] = {&worker};
  facts.http = HttpMetrics::merge(workers);
  return facts;
}

std::string joined(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const std::string& mistake : mistakes) text += mistake + "\n";
  return text;
}

TEST(PrometheusText, IsWellFormed) {
  const auto parsed = Exposition::parse(prometheus_text({database("a"), database("b")}, facts()));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_GT(parsed.families.size(), 30U);
}

TEST(PrometheusText, IsWellFormedWithoutDatabases) {
  const auto parsed = Exposition::parse(prometheus_text({}, {}));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_EQ(parsed.count("sluice_build_info"), 1U);
  EXPECT_EQ(parsed.count("db_client_connection_count"), 0U);
}

TEST(PrometheusText, HasWhatTheStatisticsSay) {
  const auto parsed = Exposition::parse(prometheus_text({database("a"), database("b")}, facts()));
  const std::map<std::string, std::string> a{{"database", "a"}};
  const auto also = [&](const char* label, const char* value) {
    auto labels = a;
    labels.emplace(label, value);
    return labels;
  };
  EXPECT_EQ(parsed.value("db_client_connection_count", also("db_client_connection_state", "used")),
            3);
  EXPECT_EQ(parsed.value("db_client_connection_count", also("db_client_connection_state", "idle")),
            2);
  EXPECT_EQ(parsed.value("db_client_connection_max", also("db_client_connection_pool_name", "a")),
            10);
  EXPECT_EQ(parsed.value("db_client_connection_idle_min", a), 1);
  EXPECT_EQ(parsed.value("db_client_connection_pending_requests", a), 4);
  EXPECT_EQ(parsed.value("db_client_connection_timeouts_total", a), 5);
  EXPECT_EQ(parsed.value("db_client_connection_wait_time_seconds_count", a), 4);
  EXPECT_EQ(parsed.value("sluice_pool_oldest_wait_seconds", a), 0.25);
  EXPECT_EQ(parsed.value("sluice_pool_wait_limit", a), 640);
  EXPECT_EQ(parsed.value("sluice_pool_lendable_connections", a), 8);
  EXPECT_EQ(parsed.value("sluice_pool_adaptive_limit", a), 8);
  EXPECT_EQ(parsed.value("sluice_pool_limit_cuts_total", a), 2);
  EXPECT_EQ(parsed.value("sluice_pool_best_size", a), 0);
  EXPECT_EQ(parsed.value("sluice_pool_clients_waiting", a), 3);
  EXPECT_EQ(parsed.value("sluice_pool_early_refusals_total", also("reason", "late")), 6);
  EXPECT_EQ(parsed.value("sluice_pool_connections_created_total", a), 9);
  EXPECT_EQ(parsed.value("sluice_pool_connections_closed_total", also("reason", "lifetime")), 1);
  EXPECT_EQ(parsed.value("sluice_pool_rejected_total", also("reason", "queue_full")), 2);
  EXPECT_EQ(parsed.value("sluice_query_errors_by_sqlstate_total", also("sqlstate", "23505")), 4);
  EXPECT_EQ(parsed.value("sluice_queries_total", a), 90);
  EXPECT_EQ(parsed.value("sluice_query_errors_total", a), 9);
  EXPECT_EQ(parsed.value("db_client_response_returned_rows_count", a), 4);
  EXPECT_EQ(parsed.value("db_client_connection_use_time_seconds_count", a), 4);
  EXPECT_EQ(parsed.value("sluice_circuit_breaker_calls_total", also("outcome", "rejected")), 7);
  EXPECT_EQ(
      parsed.value("sluice_circuit_breaker_transitions_total", also("reason", "failure_rate")), 3);
  EXPECT_EQ(parsed.value("sluice_database_state", also("state", "active")), 1);
  EXPECT_EQ(parsed.value("sluice_database_state", also("state", "paused")), 0);
  EXPECT_EQ(parsed.value("sluice_circuit_breaker_opened_total", a), 2);
  EXPECT_EQ(parsed.value("sluice_circuit_breaker_rejected_total", a), 7);
  EXPECT_EQ(parsed.value("sluice_circuit_breaker_failure_ratio_threshold", a), 0.5);
  EXPECT_EQ(parsed.value("sluice_draining"), 0);
  EXPECT_EQ(parsed.value("sluice_build_info", {{"version", "0.1.0"}, {"libpq_version", "15.8"}}),
            1);
}

TEST(PrometheusText, HistogramsAreInSecondsWithTheBoundsTheyHave) {
  const auto parsed = Exposition::parse(prometheus_text({database("a")}, {}));
  const auto bucket = [&](const char* le) {
    return parsed.value("db_client_operation_duration_seconds_bucket", {{"le", le}});
  };
  EXPECT_EQ(bucket("0.0005"), 1);
  EXPECT_EQ(bucket("0.001"), 3);
  EXPECT_EQ(bucket("0.005"), 3);
  EXPECT_EQ(bucket("+Inf"), 4);
  EXPECT_EQ(parsed.value("db_client_operation_duration_seconds_sum"), 0.009);
  EXPECT_EQ(parsed.value("db_client_operation_duration_seconds_count",
                         {{"db_system_name", "postgresql"},
                          {"db_namespace", "orders"},
                          {"server_address", "db1.internal"},
                          {"server_port", "6432"}}),
            4);
}

TEST(PrometheusText, TakesTargetsApart) {
  const auto labels_of = [](const char* target) {
    DatabaseStats stats = database("a");
    stats.target = target;
    const auto parsed = Exposition::parse(prometheus_text({stats}, {}));
    std::string text;
    const auto& sample = parsed.families.at("db_client_operation_duration_seconds").samples.front();
    for (const char* name : {"server_address", "server_port", "db_namespace"}) {
      const auto label = sample.labels.find(name);
      text += (label == sample.labels.end() ? "-" : label->second) + " ";
    }
    return text;
  };
  EXPECT_EQ(labels_of("app@db1:5432/orders"), "db1 - orders ");
  EXPECT_EQ(labels_of("a@b@db1:6432/or/de:1/rs"), "db1 6432 or/de:1/rs ");
  EXPECT_EQ(labels_of("app@/var/run/postgresql:5432/orders"), "/var/run/postgresql - orders ");
  EXPECT_EQ(labels_of("app@[::1]:5433/orders"), "[::1] 5433 orders ");
  EXPECT_EQ(labels_of("app@::1:5433/orders"), "::1 5433 orders ");
  EXPECT_EQ(labels_of(""), "- - - ");
}

TEST(PrometheusText, TheBreakersStateIsOneHot) {
  const BreakerState states[] = {BreakerState::kClosed,       BreakerState::kOpen,
                                 BreakerState::kHalfOpen,     BreakerState::kForcedOpen,
                                 BreakerState::kForcedClosed, BreakerState::kObserveOnly};
  for (const BreakerState state : states) {
    DatabaseStats stats = database("a");
    stats.breaker.state = state;
    const auto parsed = Exposition::parse(prometheus_text({stats}, {}));
    double sum = 0;
    for (const BreakerState each : states) {
      sum +=
          parsed.value("sluice_circuit_breaker_state", {{"state", std::string(to_string(each))}});
    }
    EXPECT_EQ(sum, 1);
    EXPECT_EQ(
        parsed.value("sluice_circuit_breaker_state", {{"state", std::string(to_string(state))}}),
        1);
    const bool down = state == BreakerState::kOpen || state == BreakerState::kHalfOpen ||
                      state == BreakerState::kForcedOpen;
    EXPECT_EQ(parsed.value("sluice_database_up"), down ? 0 : 1) << to_string(state);
  }
}

TEST(PrometheusText, RefusalsAreThereBeforeTheFirst) {
  const auto parsed = Exposition::parse(prometheus_text({DatabaseStats{}}, {}));
  EXPECT_EQ(parsed.value("sluice_pool_rejected_total", {{"reason", "queue_full"}}), 0);
  EXPECT_EQ(parsed.value("sluice_pool_rejected_total", {{"reason", "breaker_open"}}), 0);
}

TEST(PrometheusText, WhileItIsOpenItSaysSinceWhenAndWhenItIsTriedNext) {
  DatabaseStats stats = database("a");
  EXPECT_EQ(Exposition::parse(prometheus_text({stats}, {}))
                .count("sluice_circuit_breaker_opened_timestamp_seconds"),
            0U);
  stats.breaker.state = BreakerState::kOpen;
  stats.breaker.in_state_for = std::chrono::minutes(10);
  stats.breaker.next_trial_in = std::chrono::minutes(5);
  const auto parsed = Exposition::parse(prometheus_text({stats}, {}));
  const double opened = parsed.value("sluice_circuit_breaker_opened_timestamp_seconds");
  EXPECT_NEAR(opened, static_cast<double>(std::time(nullptr)) - 600, 2);
  EXPECT_NEAR(parsed.value("sluice_circuit_breaker_next_probe_timestamp_seconds") - opened, 900, 2);
}

TEST(PrometheusText, LeavesOutWholeDatabasesAboveTheLimitAndSaysHowMuch) {
  std::vector<DatabaseStats> databases;
  for (const char* name : {"c", "a", "b"}) databases.push_back(database(name));
  ProcessFacts facts;
  const auto all = Exposition::parse(prometheus_text(databases, facts));
  EXPECT_EQ(all.value("sluice_metrics_dropped_series"), 0);
  std::size_t of_databases = 0;
  for (const auto& [name, family] : all.families) {
    for (const Sample& sample : family.samples) of_databases += sample.labels.count("database");
  }
  facts.text.max_series = static_cast<std::int64_t>(of_databases) - 1;
  const auto fewer = Exposition::parse(prometheus_text(databases, facts));
  EXPECT_EQ(joined(fewer.mistakes), "");
  EXPECT_EQ(fewer.value("sluice_queries_total", {{"database", "b"}}), 90);
  EXPECT_EQ(fewer.count("sluice_queries_total"), 2U);
  EXPECT_EQ(fewer.value("sluice_metrics_dropped_series"), static_cast<double>(of_databases) / 3);
  facts.text.max_series = 1;
  const auto none = Exposition::parse(prometheus_text(databases, facts));
  EXPECT_EQ(none.value("sluice_metrics_dropped_series"), static_cast<double>(of_databases));
  EXPECT_EQ(none.count("sluice_queries_total"), 0U);
  EXPECT_EQ(none.count("sluice_build_info"), 1U);
}

TEST(PrometheusText, GivesPgbouncersNamesWhenAsked) {
  ProcessFacts facts;
  EXPECT_EQ(prometheus_text({database("a")}, facts).find("pgbouncer"), std::string::npos);
  facts.text.pgbouncer_names = true;
  const auto parsed = Exposition::parse(prometheus_text({database("a")}, facts));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_EQ(parsed.value("pgbouncer_up"), 1);
  EXPECT_EQ(parsed.value("pgbouncer_pools_client_waiting_connections",
                         {{"database", "a"}, {"user", "app"}}),
            4);
  EXPECT_EQ(parsed.value("pgbouncer_pools_server_active_connections", {{"user", "app"}}), 3);
  EXPECT_EQ(parsed.value("pgbouncer_pools_client_maxwait_seconds"), 0.25);
  EXPECT_EQ(parsed.value("pgbouncer_stats_queries_pooled_total", {{"database", "a"}}), 90);
}

TEST(PrometheusText, RatiosAreAbsentBelowTheMinimumOfCalls) {
  DatabaseStats known = database("known");
  known.breaker.failure_rate = 0.25;
  const auto parsed = Exposition::parse(prometheus_text({database("unknown"), known}, {}));
  EXPECT_EQ(parsed.count("sluice_circuit_breaker_failure_ratio"), 1U);
  EXPECT_EQ(parsed.value("sluice_circuit_breaker_failure_ratio", {{"database", "known"}}), 0.25);
  EXPECT_EQ(parsed.count("sluice_circuit_breaker_slow_ratio"), 0U);
}

TEST(PrometheusText, EscapesLabels) {
  DatabaseStats stats = database("a");
  stats.pool.connections_closed = {{"back\\slash \"quote\"\nline", 1}};
  const auto parsed = Exposition::parse(prometheus_text({stats}, {}));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_EQ(parsed.value("sluice_pool_connections_closed_total",
                         {{"reason", "back\\slash \"quote\"\nline"}}),
            1);
}

TEST(PrometheusText, KnowsTheProcess) {
  const auto parsed = Exposition::parse(prometheus_text({}, facts()));
  EXPECT_GT(parsed.value("process_resident_memory_bytes"), 1e6);
  EXPECT_GT(parsed.value("process_virtual_memory_bytes"),
            parsed.value("process_resident_memory_bytes"));
  EXPECT_GE(parsed.value("process_open_fds"), 3);
  EXPECT_GT(parsed.value("process_max_fds"), parsed.value("process_open_fds"));
  EXPECT_GE(parsed.value("process_cpu_seconds_total"), 0);
  EXPECT_GT(parsed.value("process_start_time_seconds"), 1.6e9);
}

TEST(PrometheusText, CountsHttpRequestsByTemplate) {
  const auto parsed = Exposition::parse(prometheus_text({}, facts()));
  EXPECT_EQ(parsed.value("http_server_request_duration_seconds_count",
                         {{"http_route", "/query/:db_id"},
                          {"http_request_method", "POST"},
                          {"http_response_status_code", "503"}}),
            1);
  EXPECT_EQ(parsed.value("http_server_request_duration_seconds_count", {{"error_type", "503"}}), 1);
  EXPECT_EQ(parsed.value("http_server_request_duration_seconds_count", {{"error_type", "200"}}) > 0,
            false);
}

TEST(PrometheusText, KnowsLogAndDoor) {
  ProcessFacts facts;
  facts.auth_failures = {3, 2, 1};
  facts.log_lines = {{"warn", 7}};
  facts.active_requests = 5;
  const auto parsed = Exposition::parse(prometheus_text({}, facts));
  EXPECT_EQ(parsed.value("sluice_auth_failures_total", {{"reason", "missing"}}), 3);
  EXPECT_EQ(parsed.value("sluice_auth_failures_total", {{"reason", "forbidden"}}), 1);
  EXPECT_EQ(parsed.value("sluice_log_messages_total", {{"level", "warn"}}), 7);
  EXPECT_EQ(parsed.value("http_server_active_requests"), 5);
}

TEST(PrometheusText, KnowsTheResultCache) {
  ProcessFacts facts;
  facts.cache =
      CacheFacts{.hits = 3, .misses = 2, .shared = 1, .entries = 4, .bytes = 500, .max_bytes = 600};
  const auto parsed = Exposition::parse(prometheus_text({}, facts));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_EQ(parsed.value("sluice_result_cache_requests_total", {{"result", "hit"}}), 3);
  EXPECT_EQ(parsed.value("sluice_result_cache_requests_total", {{"result", "miss"}}), 2);
  EXPECT_EQ(parsed.value("sluice_result_cache_requests_total", {{"result", "shared"}}), 1);
  EXPECT_EQ(parsed.value("sluice_result_cache_entries"), 4);
  EXPECT_EQ(parsed.value("sluice_result_cache_bytes"), 500);
  EXPECT_EQ(parsed.value("sluice_result_cache_bytes_max"), 600);
}

TEST(PrometheusText, KnowsTheStreams) {
  ProcessFacts facts;
  facts.streams = StreamFacts{.started = 21, .ended = {1, 2, 3, 4, 5, 6}, .bytes = 700};
  DatabaseStats stats;
  stats.db_id = "orders";
  stats.streams = {.running = 2, .paused = 1};
  const auto parsed = Exposition::parse(prometheus_text({stats}, facts));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_EQ(parsed.value("sluice_streams_started_total"), 21);
  EXPECT_EQ(parsed.value("sluice_stream_bytes_total"), 700);
  const std::vector<std::string> outcomes{"complete",  "failed",      "timeout",
                                          "cancelled", "client_gone", "slow_reader"};
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(parsed.value("sluice_streams_ended_total", {{"outcome", outcomes[i]}}), i + 1);
  }
  const auto streams = [&parsed](const char* phase) {
    return parsed.value("sluice_streams", {{"database", "orders"}, {"phase", phase}});
  };
  EXPECT_EQ(streams("running"), 2);
  EXPECT_EQ(streams("paused"), 1);
}

TEST(PrometheusText, KnowsHowTheLastReloadWent) {
  ProcessFacts facts;
  facts.reload = ReloadFacts{false, std::chrono::system_clock::from_time_t(1'700'000'000)};
  const auto parsed = Exposition::parse(prometheus_text({}, facts));
  EXPECT_EQ(joined(parsed.mistakes), "");
  EXPECT_EQ(parsed.value("sluice_config_last_reload_successful"), 0);
  EXPECT_EQ(parsed.value("sluice_config_last_reload_success_timestamp_seconds"), 1'700'000'000);
}

TEST(OpenMetricsText, NamesCounterFamiliesWithoutTotalAndEnds) {
  const std::string text = openmetrics_text({database("a")}, facts());
  EXPECT_TRUE(text.ends_with("\n# EOF\n"));
  EXPECT_NE(text.find("\n# TYPE sluice_queries counter\nsluice_queries_total{"), std::string::npos);
  EXPECT_NE(text.find("# HELP sluice_queries Calls that reached"), std::string::npos);
  EXPECT_NE(text.find("# TYPE db_client_connection_max gauge\n"), std::string::npos);
  EXPECT_EQ(text.find("_total counter"), std::string::npos);
}

}  // namespace
}  // namespace sluice::metrics
