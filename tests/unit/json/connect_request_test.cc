#include <gtest/gtest.h>

#include <map>
#include <string>

#include "json/requests.h"

namespace sluice::json {
namespace {

using std::chrono::milliseconds;

std::string list_of(const Error& error) {
  EXPECT_EQ(error.code, ErrorCode::kInvalidRequest);
  std::string list;
  for (const FieldError& mistake : error.fields) {
    list += mistake.field + ": " + mistake.message + "\n";
  }
  return list;
}

Result<ConnectRequest> decode(std::string_view body, const DatabaseOptions& defaults = {}) {
  return decode_connect(body, [&](const ConnectRequest&) -> ConnectRequest {
    return {{}, {}, defaults};
  });
}

std::string mistakes_of(std::string_view body) {
  const auto request = decode(body);
  return request ? "no mistake" : list_of(request.error());
}

/// A good request with one more member.
std::string with(const std::string& member) {
  return R"({"host":"db1","database":"orders","user":"app",)" + member + "}";
}

TEST(DecodeConnect, ReadsSeveralHosts) {
  const auto request = decode(
      R"({"hosts":["db1","db2:6000","[::1]:7000"],"port":5433,"database":"d","user":"u",
          "routing":{"route":"prefer_replica","max_lag_ms":500,"monitor_interval_ms":1000},
          "sessions":{"max_per_database":2}})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->target.display(), "u@db1:5433,db2:6000,[::1]:7000/d");
  EXPECT_EQ(request->options.routing.route, Route::kPreferReplica);
  EXPECT_EQ(request->options.routing.max_lag.count(), 500);
  EXPECT_EQ(request->options.sessions.max_per_database, 2);
}

TEST(DecodeConnect, SaysWhatIsWrongWithHosts) {
  const auto mistakes = [](const std::string& hosts) {
    return mistakes_of(R"({"database":"d","user":"u","hosts":)" + hosts + "}");
  };
  EXPECT_EQ(mistakes("[]"), "hosts: there is no host in the list\n");
  EXPECT_EQ(mistakes(R"(["a","a:5432"])"), "hosts: the same host and port are given twice\n");
  EXPECT_EQ(mistakes(R"(["a:0","b,c"])"),
            "hosts[0]: the port must be a number from 1 to 65535\n"
            "hosts[1]: several hosts are given; write one, or a list of hosts\n");
  EXPECT_EQ(mistakes(R"(["a",5])"), "hosts[1]: must be a string: \"db1\" or \"db1:5433\"\n");
  EXPECT_EQ(mistakes_of(with(R"("hosts":["a"])")), "host: give either host or hosts, not both\n");
}

TEST(DecodeConnect, ReadsTheDocumentedExample) {
  const auto request = decode(
      R"({ "host": "db1.internal", "port": 5433, "database": "orders", "user": "app",
           "password": "s3cret", "ssl": "verify-full", "db_id": "orders",
           "labels": {"region": "eu"}, "required": true,
           "pool": { "min_size": 1, "max_size": 12, "max_overflow": 2, "acquire_timeout_ms": 4000,
                     "pre_ping": "always" },
           "breaker": { "failure_rate": 0.25 }, "query": {"timeout_ms": 9000},
           "session": { "time_zone": "Europe/Berlin", "search_path": "public",
                        "statement_timeout_ms": 30000, "jit": true,
                        "settings": {"work_mem": "64MB", "max_parallel_workers": 4} } })",
      {});
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->target.host, "db1.internal");
  EXPECT_EQ(request->target.port, 5433);
  EXPECT_EQ(request->target.database, "orders");
  EXPECT_EQ(request->target.user, "app");
  EXPECT_EQ(request->target.password.reveal(), "s3cret");
  EXPECT_EQ(request->target.ssl, SslMode::kVerifyFull);
  EXPECT_EQ(request->db_id, "orders");
  const DatabaseOptions& options = request->options;
  EXPECT_EQ(options.labels.at("region"), "eu");
  EXPECT_TRUE(options.required);
  EXPECT_EQ(options.pool.min_size, 1);
  EXPECT_EQ(options.pool.max_size, 12);
  EXPECT_EQ(options.pool.max_overflow, 2);
  EXPECT_EQ(options.pool.acquire_timeout, milliseconds(4000));
  EXPECT_EQ(options.pool.pre_ping, PrePing::kAlways);
  EXPECT_EQ(options.breaker.failure_rate, 0.25);
  EXPECT_EQ(options.query.timeout, milliseconds(9000));
  EXPECT_EQ(options.session.time_zone, "Europe/Berlin");
  EXPECT_EQ(options.session.statement_timeout, milliseconds(30000));
  EXPECT_TRUE(options.session.jit);
  EXPECT_EQ(options.session.settings.at("work_mem"), "64MB");
  EXPECT_EQ(options.session.settings.at("max_parallel_workers"), "4");
}

TEST(DecodeConnect, StartsFromTheDefaults) {
  DatabaseOptions defaults;
  defaults.pool.max_size = 33;
  defaults.labels["a"] = "b";
  const auto request = decode(with(R"("db_id":null)"), defaults);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->options.pool.max_size, 33);
  EXPECT_EQ(request->options.labels.at("a"), "b");
  EXPECT_EQ(request->db_id, "");
  EXPECT_EQ(request->target.port, 5432);
  EXPECT_EQ(request->target.ssl, SslMode::kPrefer);
}

TEST(DecodeConnect, LeavesAloneWhatADatabaseHasAndTheBodyDoesNotName) {
  ConnectRequest there;
  there.target.ssl = SslMode::kVerifyFull;
  there.target.ssl_root_cert = "/etc/ssl/orders.pem";
  there.options.pool.max_size = 40;
  there.options.labels["region"] = "eu";
  ConnectRequest asked;
  const auto base = [&](const ConnectRequest& wanted) {
    asked = wanted;
    return there;
  };
  const auto again = decode_connect(with(R"("db_id":"orders","pool":{"min_size":20})"), base);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(asked.db_id, "orders");
  EXPECT_EQ(asked.target.host, "db1");
  EXPECT_EQ(again->options.pool.max_size, 40);
  EXPECT_EQ(again->options.pool.min_size, 20);
  EXPECT_EQ(again->options.labels, there.options.labels);
  EXPECT_EQ(again->target.ssl, SslMode::kVerifyFull);
  EXPECT_EQ(again->target.ssl_root_cert, "/etc/ssl/orders.pem");
  EXPECT_EQ(decode_connect(with(R"("ssl":"require")"), base)->target.ssl, SslMode::kRequire);
  const std::string url = "postgresql://app@db1/orders";
  EXPECT_EQ(decode_connect(R"({"url":")" + url + R"("})", base)->target.ssl, SslMode::kVerifyFull);
  EXPECT_EQ(decode_connect(R"({"url":")" + url + R"(?sslmode=require"})", base)->target.ssl,
            SslMode::kRequire);
}

TEST(DecodeConnect, AcceptsTheNamesThatExistingClientsSend) {
  const auto request =
      decode(with(R"("pool_min_size":2,"pool_max_size":20,"max_queries":1000,"ssl":true,)"
                  R"("max_inactive_connection_lifetime":300.5,"command_timeout":60,)"
                  R"("statement_timeout":15000,"idle_in_transaction_timeout":7000)"));
  ASSERT_TRUE(request) << request.error().message;
  const DatabaseOptions& options = request->options;
  EXPECT_EQ(options.pool.min_size, 2);
  EXPECT_EQ(options.pool.max_size, 20);
  EXPECT_EQ(options.pool.max_queries, 1000);
  EXPECT_EQ(options.pool.idle_timeout, milliseconds(300'500));
  EXPECT_EQ(options.query.timeout, milliseconds(60'000));
  EXPECT_EQ(options.session.statement_timeout, milliseconds(15'000));
  EXPECT_EQ(options.session.idle_in_transaction_timeout, milliseconds(7'000));
  EXPECT_EQ(request->target.ssl, SslMode::kRequire);
  EXPECT_EQ(decode(with(R"("ssl":false)"))->target.ssl, SslMode::kDisable);
}

TEST(DecodeConnect, RefusesASettingUnderTwoNames) {
  EXPECT_EQ(mistakes_of(with(R"("pool_max_size":5,"pool":{"max_size":6})")),
            "pool_max_size: is given twice, as pool.max_size too\n");
  EXPECT_EQ(mistakes_of(with(R"("pool_max_size":5,"pool":{"max_size":null})")), "no mistake");
}

TEST(DecodeConnect, ReadsUrls) {
  const auto request = decode(
      R"({"url":"postgresql://app:p%40ss@db1:6432/orders?sslmode=require","pool_max_size":3})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->target.host, "db1");
  EXPECT_EQ(request->target.port, 6432);
  EXPECT_EQ(request->target.password.reveal(), "p@ss");
  EXPECT_EQ(request->target.ssl, SslMode::kRequire);
  EXPECT_EQ(request->options.pool.max_size, 3);
}

TEST(DecodeConnect, RefusesUrlAndPartsTogether) {
  EXPECT_EQ(mistakes_of(R"({"url":"postgresql://app@db1/orders","host":"db2","ssl":true})"),
            "host: give either url or the parts, not both\n"
            "ssl: give either url or the parts, not both\n");
}

TEST(DecodeConnect, RefusesFilesOfTheGatewaysMachine) {
  EXPECT_EQ(mistakes_of(R"({"url":"postgresql://app@db1/orders?sslrootcert=/etc/shadow"})")
                .rfind("url: the parameter sslrootcert", 0),
            0U);
  EXPECT_EQ(
      mistakes_of(with(R"("ssl_root_cert":"/etc/shadow")")).rfind("ssl_root_cert: unknown", 0), 0U);
}

TEST(DecodeConnect, NeverRepeatsAPassword) {
  for (const char* body :
       {R"({"host":"h","password":"hunter2","pasword":"hunter2"})", R"({"password":["hunter2"]})",
        R"({"password":{"hunter2":1}})", R"({"url":"postgresql://u:hunter2@h:x/d"})",
        R"({"url":"mysql://u:hunter2@h/d"})", R"({"url":"postgresql://u:hun/ter2@h/d"})",
        R"({"password":"hunter2\u0000"})", R"({"password":"hunter2","password":"hunter2"})",
        R"({"password":"hunter2)"}) {
    const auto request = decode(body);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().message.find("ter2"), std::string::npos) << request.error().message;
    EXPECT_EQ(list_of(request.error()).find("ter2"), std::string::npos);
  }
}

TEST(DecodeConnect, RefusesHostsThatWouldSlipPastTheAllowList) {
  for (const char* host :
       {"", "db1,evil", "db1 evil", "@abstract", "db1?x=y", "db1/x", "db1\\n", "host=evil"}) {
    const std::string body = R"({"host":")" + std::string(host) + R"(","database":"d","user":"u"})";
    EXPECT_EQ(mistakes_of(body).rfind("host: ", 0), 0U) << host << mistakes_of(body);
  }
  for (const char* host : {"db1", "10.0.0.1", "::1", "/var/run/postgresql", "größe.example"}) {
    const std::string body = R"({"host":")" + std::string(host) + R"(","database":"d","user":"u"})";
    EXPECT_EQ(mistakes_of(body), "no mistake") << host;
  }
}

TEST(DecodeConnect, ListsWhatIsMissing) {
  EXPECT_EQ(mistakes_of("{}"), "host: is missing\ndatabase: is missing\nuser: is missing\n");
  EXPECT_EQ(mistakes_of(R"({"host":"h","database":"","user":""})"),
            "database: is empty\nuser: is empty\n");
}

TEST(DecodeConnect, SuggestsTheNearestName) {
  EXPECT_EQ(mistakes_of(with(R"("username":"x","dbname":"y","pasword":"z")")),
            "username: unknown field; did you mean \"user\"?\n"
            "dbname: unknown field; did you mean \"database\"?\n"
            "pasword: unknown field; did you mean \"password\"?\n");
  EXPECT_EQ(
      mistakes_of(with(R"("pool":{"max_sise":1,"acquire_timeout":2},"session":{"sttings":{}})")),
      "pool.max_sise: unknown field; did you mean \"max_size\"?\n"
      "pool.acquire_timeout: unknown field; did you mean \"acquire_timeout_ms\"?\n"
      "session.sttings: unknown field; did you mean \"settings\"?\n");
}

TEST(DecodeConnect, ChecksSettingsWithTheirBounds) {
  EXPECT_EQ(mistakes_of(with(R"("pool":{"max_size":0})")).rfind("pool.max_size: must be", 0), 0U);
  EXPECT_EQ(mistakes_of(with(R"("pool":{"max_size":"10"})")), "pool.max_size: must be a number\n");
  EXPECT_EQ(mistakes_of(with(R"("pool":{"max_size":1.5})")).rfind("pool.max_size: must be", 0), 0U);
  EXPECT_EQ(mistakes_of(with(R"("pool":{"reset":true})")), "pool.reset: must be a string\n");
  EXPECT_EQ(mistakes_of(with(R"("pool":{"reset":"often"})")).rfind("pool.reset: must be dirty", 0),
            0U);
  EXPECT_EQ(mistakes_of(with(R"("session":{"jit":"on"})")), "session.jit: must be true or false\n");
  EXPECT_EQ(mistakes_of(with(R"("breaker":{"failure_rate":2})")).rfind("breaker.failure_rate: ", 0),
            0U);
  EXPECT_EQ(mistakes_of(with(R"("pool":[])")), "pool: must be an object: {…}\n");
  EXPECT_EQ(mistakes_of(with(R"("port":0)")).rfind("port: must be a whole number", 0), 0U);
  EXPECT_EQ(mistakes_of(with(R"("port":65536)")).rfind("port: must be a whole number", 0), 0U);
  EXPECT_EQ(mistakes_of(with(R"("ssl":"maybe")")).rfind("ssl: ", 0), 0U);
  EXPECT_EQ(mistakes_of(with(R"("ssl":1)")), "ssl: must be a string\n");
  EXPECT_EQ(mistakes_of(with(R"("db_id":"Not OK")")).rfind("db_id: ", 0), 0U);
  EXPECT_EQ(mistakes_of(with(R"("labels":{"region":1})")), "labels.region: must be a string\n");
  EXPECT_EQ(mistakes_of(with(R"("labels":{"bad name":"x"})")).rfind("labels.bad name: ", 0), 0U);
}

TEST(DecodeConnect, ChecksSessionSettings) {
  EXPECT_EQ(
      mistakes_of(with(R"("session":{"settings":{"x y":"1"}})")).rfind("session.settings.x y: ", 0),
      0U);
  EXPECT_EQ(mistakes_of(with(R"("session":{"settings":{"work_mem":[1]}})")),
            "session.settings.work_mem: must be a string, a number or a boolean\n");
  EXPECT_EQ(mistakes_of(with(R"("session":{"settings":{"DateStyle":"German"}})"))
                .rfind("session.settings.DateStyle: ", 0),
            0U);
}

TEST(DecodeConnect, FindsContradictions) {
  EXPECT_EQ(mistakes_of(with(R"("pool":{"min_size":11,"max_size":10})")),
            ": pool.min_size (11) must not be above pool.max_size (10)\n");
}

TEST(DecodePatch, ChangesOnlyWhatIsGiven) {
  DatabaseOptions current;
  current.pool.max_size = 7;
  current.labels = {{"region", "eu"}, {"tier", "gold"}};
  current.session.settings = {{"work_mem", "1MB"}};
  const auto patched = decode_patch(R"({"pool":{"min_size":3},"labels":{"region":"us"}})", current);
  ASSERT_TRUE(patched) << patched.error().message;
  EXPECT_EQ(patched->pool.max_size, 7);
  EXPECT_EQ(patched->pool.min_size, 3);
  EXPECT_EQ(patched->labels.size(), 1U);
  EXPECT_EQ(patched->session.settings.size(), 1U);
  EXPECT_TRUE(decode_patch("{}", current));
  const auto session =
      decode_patch(R"({"session":{"settings":{"jit_debugging_support":true}}})", current);
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->session.settings,
            (std::map<std::string, std::string>{{"jit_debugging_support", "true"}}));
}

TEST(DecodePatch, SeesContradictionsWithWhatIsThere) {
  DatabaseOptions current;
  current.pool.max_size = 7;
  EXPECT_EQ(list_of(decode_patch(R"({"pool":{"min_size":8}})", current).error()),
            ": pool.min_size (8) must not be above pool.max_size (7)\n");
}

TEST(DecodePatch, DoesNotMoveADatabase) {
  const Error error = decode_patch(R"({"host":"evil","db_id":"x","password":"new"})", {}).error();
  ASSERT_EQ(error.fields.size(), 3U);
  for (const FieldError& mistake : error.fields) {
    EXPECT_EQ(mistake.message.rfind("cannot be changed here; connect again", 0), 0U);
  }
}

TEST(DecodeBreaker, ReadsEveryState) {
  const std::pair<const char*, BreakerState> cases[] = {
      {"forced_open", BreakerState::kForcedOpen},
      {"forced_closed", BreakerState::kForcedClosed},
      {"observe_only", BreakerState::kObserveOnly},
      {"auto", BreakerState::kClosed}};
  for (const auto& [word, state] : cases) {
    const auto request = decode_breaker(R"({"state":")" + std::string(word) + "\"}");
    ASSERT_TRUE(request) << word;
    EXPECT_EQ(request->state, state);
    EXPECT_FALSE(request->duration);
  }
  const auto full = decode_breaker(R"({"state":"forced_open","for_ms":60000,"reason":"upgrade"})");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->duration, milliseconds(60'000));
  EXPECT_EQ(full->reason, "upgrade");
}

TEST(DecodeBreaker, SaysWhatIsWrong) {
  EXPECT_EQ(list_of(decode_breaker("{}").error()),
            "state: is missing: forced_open, forced_closed, observe_only or auto\n");
  EXPECT_EQ(list_of(decode_breaker(R"({"state":"open"})").error()),
            "state: must be \"forced_open\", \"forced_closed\", \"auto\" or \"observe_only\"\n");
  EXPECT_EQ(list_of(decode_breaker(R"({"state":"auto","for_ms":5})").error()),
            "for_ms: has no meaning with \"auto\", which ends an override\n");
  EXPECT_EQ(list_of(decode_breaker(R"({"state":"auto","raeson":"x"})").error()),
            "raeson: unknown field; did you mean \"reason\"?\n");
  const std::string long_reason(201, 'r');
  EXPECT_FALSE(decode_breaker(R"({"state":"auto","reason":")" + long_reason + "\"}"));
}

}  // namespace
}  // namespace sluice::json
