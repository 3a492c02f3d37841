#include "json/reports.h"

#include <gtest/gtest.h>

#include <string>

#include "json/document.h"
#include "json/writer.h"

namespace sluice::json {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::system_clock;

DatabaseStats some_stats() {
  DatabaseStats stats;
  stats.db_id = "orders";
  stats.target = "app@db1:5432/orders";
  stats.server_version = "15.8";
  stats.options.pool.max_size = 8;
  stats.options.pool.min_size = 1;
  stats.options.labels = {{"region", "eu"}};
  stats.pool.idle = 2;
  stats.pool.used = 3;
  stats.pool.connecting = 1;
  stats.pool.waiting = 4;
  stats.pool.connections_created = 9;
  stats.pool.connections_closed = {{"idle", 2}, {"lifetime", 1}};
  stats.pool.acquired = 100;
  stats.pool.released = 97;
  stats.pool.acquire_timeouts = 5;
  stats.pool.refused_late = 6;
  stats.pool.service_time = microseconds(1'500);
  stats.pool.lendable = 7;
  stats.pool.adaptive_limit = 7;
  stats.pool.limit_cuts = 1;
  stats.pool.limit_reason = "pings take 90 ms, usually 1 ms";
  stats.queries = 90;
  stats.errors = 9;
  stats.error_rate = 0.1;
  stats.queries_per_second = 12.3456;
  stats.query_time = {microseconds(610), milliseconds(2), milliseconds(3)};
  stats.average_acquire_time = microseconds(55);
  stats.refused = {{"queue_full", 2}};
  stats.errors_by_sqlstate = {{"23505", 4}};
  stats.registered_at = system_clock::from_time_t(1'769'603'696);
  stats.breaker.explanation = "0 of 40 calls failed in 10 s";
  return stats;
}

/// Parses and keeps the text alive.
struct Parsed {
  explicit Parsed(std::string json) : text(std::move(json)), document(Document::parse(text)) {
    EXPECT_TRUE(document) << text;
  }
  const Value& root() const { return document->root(); }
  std::string_view at(std::string_view name) const { return root().find(name)->text(); }
  std::string text;
  Result<Document> document;
};

TEST(Reports, TimesAreRfc3339InUtc) {
  EXPECT_EQ(rfc3339(system_clock::from_time_t(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(system_clock::from_time_t(1'769'603'696) + milliseconds(7)),
            "2026-01-28T12:34:56.007Z");
  EXPECT_EQ(rfc3339(system_clock::from_time_t(-1) + milliseconds(999)), "1969-12-31T23:59:59.999Z");
}

TEST(Reports, MetricsHaveEveryDocumentedField) {
  const Parsed metrics(metrics_to_json(some_stats(), R"({"connections":5})"));
  const std::pair<const char*, const char*> fields[] = {
      {"db_id", "orders"},
      {"pool_size", "6"},
      {"free_connections", "2"},
      {"used_connections", "3"},
      {"max_size", "8"},
      {"min_size", "1"},
      {"overflow_connections", "0"},
      {"waiting", "4"},
      {"utilization", "37.5"},
      {"queries_executed", "90"},
      {"errors", "9"},
      {"error_rate", "0.1"},
      {"queries_per_second", "12.346"},
      {"avg_acquire_time_ms", "0.055"},
      {"acquire_ms", R"({"p50":0,"p95":0,"p99":0})"},
      {"query_ms", R"({"p50":0.61,"p95":2,"p99":3})"},
      {"connections_created", "9"},
      {"connections_closed", "3"},
      {"connections_acquired", "100"},
      {"connections_released", "97"},
      {"timeouts", "5"},
      {"overload",
       R"({"refused_late":6,"shed":0,"pushed_out":0,"overloaded":false,"clients_waiting":0,)"
       R"("service_time_ms":1.5,"lendable":7,"adaptive_limit":7,"limit_cuts":1,)"
       R"("limit_reason":"pings take 90 ms, usually 1 ms","best_size":null,"sizing_reason":null})"},
      {"refused", R"({"queue_full":2})"},
      {"errors_by_sqlstate", R"({"23505":4})"},
      {"last_used", "null"},
      {"start_time", "2026-01-28T12:34:56.000Z"},
      {"server", R"({"connections":5})"}};
  for (const auto& [name, expected] : fields) {
    ASSERT_NE(metrics.root().find(name), nullptr) << name;
    EXPECT_EQ(metrics.at(name), expected) << name;
  }
  EXPECT_NE(metrics.root().find("uptime_seconds"), nullptr);
  EXPECT_EQ(metrics.root().find("pool_config")->find("max_size")->text(), "8");
  const Value& breaker = *metrics.root().find("breaker");
  EXPECT_EQ(breaker.find("state")->text(), "closed");
  EXPECT_TRUE(breaker.find("failure_rate")->is_null());
  EXPECT_EQ(breaker.find("explanation")->text(), "0 of 40 calls failed in 10 s");
}

TEST(Reports, TheServersViewIsThereOnlyWhenAskedFor) {
  EXPECT_EQ(Parsed(metrics_to_json(some_stats(), {})).root().find("server"), nullptr);
}

TEST(Reports, ListsOfMetricsAreCounted) {
  const Parsed none(metrics_to_json(std::vector<DatabaseStats>{}));
  EXPECT_EQ(none.text, R"({"pools":[],"count":0})");
  const Parsed two(metrics_to_json({some_stats(), some_stats()}));
  EXPECT_EQ(two.at("count"), "2");
  EXPECT_EQ(two.root().find("pools")->size(), 2U);
}

TEST(Reports, NumbersThatAreNoneBecomeNull) {
  DatabaseStats stats = some_stats();
  stats.error_rate = 0.0 / 0.0;
  stats.queries_per_second = 1.0 / 0.0;
  const Parsed metrics(metrics_to_json(stats, {}));
  EXPECT_EQ(metrics.at("error_rate"), "null");
  EXPECT_EQ(metrics.at("queries_per_second"), "null");
}

TEST(Reports, ADatabaseShowsAllItsSettings) {
  const Parsed database(database_to_json(some_stats()));
  EXPECT_EQ(database.at("target"), "app@db1:5432/orders");
  EXPECT_EQ(database.at("labels"), R"({"region":"eu"})");
  EXPECT_EQ(database.at("state"), "active");
  const Value& settings = *database.root().find("settings");
  EXPECT_EQ(settings.find("pool")->find("acquire_timeout_ms")->text(), "5000");
  EXPECT_EQ(settings.find("pool")->find("pre_ping")->text(), "auto");
  EXPECT_EQ(settings.find("query")->find("timeout_ms")->text(), "30000");
  EXPECT_EQ(settings.find("breaker")->find("failure_rate")->text(), "0.5");
  EXPECT_EQ(settings.find("session")->find("jit")->kind(), Value::Kind::kBool);
  EXPECT_EQ(settings.find("session")->find("time_zone")->text(), "UTC");
}

TEST(Reports, HidesSessionSettingsThatLookSecret) {
  DatabaseStats stats = some_stats();
  stats.options.session.settings = {{"app.api_token", "t0ps3cret"},
                                    {"pgsodium.SECRET", "t0ps3cret"},
                                    {"my.Password", "t0ps3cret"},
                                    {"crypt.key", "t0ps3cret"},
                                    {"work_mem", "64MB"}};
  const std::string report = database_to_json(stats) + databases_to_json({stats}) +
                             metrics_to_json(stats, {}) + why_to_json(stats);
  EXPECT_EQ(report.find("t0ps3cret"), std::string::npos);
  EXPECT_NE(report.find(R"~("app.api_token":"(hidden)")~"), std::string::npos);
  EXPECT_NE(report.find(R"("work_mem":"64MB")"), std::string::npos);
}

TEST(Reports, ListsOfDatabasesAreCounted) {
  const Parsed list(databases_to_json({some_stats()}));
  EXPECT_EQ(list.at("count"), "1");
  EXPECT_EQ((*list.root().find("databases")->begin()).find("db_id")->text(), "orders");
}

TEST(Reports, HealthTellsDatabasesOnlyToThoseWhoMayKnow) {
  Health health;
  health.verdict = Health::Verdict::kDegraded;
  DatabaseHealth sick;
  sick.db_id = "orders";
  sick.healthy = false;
  sick.status = "breaker open";
  sick.response_time = microseconds(1500);
  sick.warnings = {"91 % used"};
  health.databases = {sick, DatabaseHealth{}};
  const Parsed brief(to_json(health, false));
  EXPECT_EQ(brief.at("status"), "degraded");
  EXPECT_EQ(brief.at("pools"), R"({"total":2,"healthy":1})");
  EXPECT_EQ(brief.root().find("databases"), nullptr);
  const Parsed full(to_json(health, true));
  const Value& first = *full.root().find("databases")->begin();
  EXPECT_EQ(first.find("status")->text(), "breaker open");
  EXPECT_EQ(first.find("response_time_ms")->text(), "1.5");
  EXPECT_EQ(first.find("checked_ms_ago")->text(), "null");
  EXPECT_EQ(first.find("warnings")->text(), R"(["91 % used"])");
}

TEST(Reports, ConnectTellsWhatChanged) {
  Connected connected;
  connected.db_id = "orders";
  connected.created = true;
  connected.server_version = "15.8";
  connected.latency = microseconds(4321);
  EXPECT_EQ(to_json(connected),
            R"({"db_id":"orders","status":"connected","created":true,"server_version":"15.8",)"
            R"("latency_ms":4.321})");
  connected.created = false;
  connected.updated = {"pool.max_size", "password"};
  EXPECT_EQ(Parsed(to_json(connected)).at("updated"), R"(["pool.max_size","password"])");
}

TEST(Reports, ShowsHostsOnlyWhereThereAreSeveral) {
  DatabaseStats stats = some_stats();
  EXPECT_EQ(database_to_json(stats).find("\"hosts\""), std::string::npos);
  HostStats replica;
  replica.host = "db2:5432";
  replica.role = HostRole::kReplica;
  replica.up = true;
  replica.lag = milliseconds(1'500);
  replica.breaker.state = BreakerState::kOpen;
  HostStats gone;
  gone.host = "db3:5432";
  gone.problem = "refused";
  stats.hosts = {replica, gone};
  for (const std::string& json :
       {database_to_json(stats), metrics_to_json(stats, {}), why_to_json(stats)}) {
    const Parsed report(json);
    const Value& hosts = *report.root().find("hosts");
    ASSERT_EQ(hosts.size(), 2u);
    auto host = hosts.begin();
    const Value& first = *host;
    EXPECT_EQ(first.find("host")->text(), "db2:5432");
    EXPECT_EQ(first.find("role")->text(), "replica");
    EXPECT_EQ(first.find("lag_ms")->text(), "1500");
    EXPECT_EQ(first.find("breaker")->text(), "open");
    ++host;
    const Value& second = *host;
    EXPECT_TRUE(second.find("lag_ms")->is_null());
    EXPECT_EQ(second.find("problem")->text(), "refused");
  }
}

TEST(Reports, WhyExplains) {
  DatabaseStats stats = some_stats();
  stats.breaker.state = BreakerState::kOpen;
  stats.breaker.next_trial_in = milliseconds(2100);
  stats.breaker.failure_rate = 0.775;
  const Parsed why(why_to_json(stats));
  EXPECT_EQ(why.at("explanation"), "0 of 40 calls failed in 10 s");
  EXPECT_EQ(why.root().find("breaker")->find("next_trial_in_ms")->text(), "2100");
  EXPECT_EQ(why.root().find("breaker")->find("failure_rate")->text(), "0.775");
  EXPECT_EQ(why.root().find("pool")->find("waiting")->text(), "4");
}

TEST(Writer, KeepsCommasAtEveryDepth) {
  Writer writer;
  writer.begin_object().begin_array("a").end_array();
  writer.begin_array("b").element(1).begin_object().end_object().element("x").end_array();
  writer.begin_object("c").field("d", true).field("e", nullptr).end_object();
  writer.field("f", -0.0).field("g", 1e300).field("h", 0.0004).raw_field("i", "[]").end_object();
  const std::string json = writer.take();
  EXPECT_EQ(json,
            R"({"a":[],"b":[1,{},"x"],"c":{"d":true,"e":null},"f":0,"g":1e+300,"h":0,"i":[]})");
}

}  // namespace
}  // namespace sluice::json
