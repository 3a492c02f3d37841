#include <fstream>

#include "unit/app/commands/command_fixture.h"
#include "unit/config/temporary_files.h"

namespace sluice::app::commands {
namespace {

class OperatingCommands : public CommandTest {
 protected:
  config::TemporaryFiles files_;
};

constexpr const char* kPools =
    R"({"pools":[{"db_id":"a","state":"active","used_connections":8,"max_size":10,"waiting":0,)"
    R"("queries_per_second":1234,"error_rate":0.0,"query_ms":{"p50":1.2,"p99":9},)"
    R"("errors_by_sqlstate":{},"breaker":{"state":"closed","in_state_for_ms":130000}},)"
    R"({"db_id":"b","state":"active","used_connections":0,"max_size":10,"waiting":17,)"
    R"("queries_per_second":0,"error_rate":0.78,"query_ms":{"p50":0,"p99":0},)"
    R"("errors_by_sqlstate":{"08006":2,"57P03":29},"breaker":{"state":"open","in_state_for_ms":4000}}],"count":2})";

TEST_F(OperatingCommands, StatusSaysWhoNeedsAttention) {
  will_answer(200, kPools);
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_EQ(out(),
            "1 of 2 databases needs attention\n"
            "DATABASE  STATE   SINCE  CONN  WAIT  REQ/S  ERR%    P50  P99  TOP ERROR\n"
            "a         closed  2m10s  8/10     0   1.2k   0.0  1.2ms  9ms  -\n"
            "b         open       4s  0/10    17      0  78.0      -    -  57P03 x29\n");
  EXPECT_EQ(err(), "hint: sluice why b\n");
}

TEST_F(OperatingCommands, StatusSaysWhatTheHostsAre) {
  const auto pool = [](const std::string& hosts) {
    return R"({"db_id":"a","state":"active","used_connections":0,"max_size":10,)" + hosts +
           R"("breaker":{"state":"closed"}})";
  };
  will_answer(200,
              R"({"pools":[)" + pool("") + "," +
                  pool(R"("hosts":[{"role":"primary","up":true},{"role":"replica","up":true},)"
                       R"({"role":"replica","up":true}],)") +
                  "," +
                  pool(R"("hosts":[{"role":"replica","up":true},{"role":"primary","up":false},)"
                       R"({"role":"unknown","up":true}],)") +
                  "]}");
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_EQ(out(),
            "all 3 databases are well\n"
            "DATABASE  STATE   SINCE  CONN  WAIT  REQ/S  ERR%  P50  P99  TOP ERROR  HOSTS\n"
            "a         closed      -  0/10     0      0   0.0    -    -  -          -\n"
            "a         closed      -  0/10     0      0   0.0    -    -  -          1 primary 2 "
            "replicas\n"
            "a         closed      -  0/10     0      0   0.0    -    -  -          1 replica 1 "
            "unknown 1 down\n");
}

TEST_F(OperatingCommands, StatusFailsOnAnOpenBreakerWhenAsked) {
  will_answer(200, kPools);
  EXPECT_EQ(run({"status", "--fail-on-open"}), 4);
  will_answer(200, R"({"pools":[{"db_id":"a","state":"active","breaker":{"state":"closed"}}]})");
  EXPECT_EQ(run({"status", "--fail-on-open"}), 0);
}

TEST_F(OperatingCommands, ListsAreCsvAndLinesToo) {
  will_answer(200, R"({"databases":[{"db_id":"a","target":"u@h/d,x"}]})");
  run({"databases", "-o", "csv"});
  EXPECT_EQ(out(),
            "db_id,target,server_version,state,breaker.state,pool.max_size,labels\n"
            "a,\"u@h/d,x\",,,,,\n");
}

TEST_F(OperatingCommands, WhyPutsEachReasonOnALine) {
  will_answer(200,
              R"({"db_id":"a","state":"active","explanation":"5 of 5 calls failed; limit 50 %",)"
              R"("breaker":{"state":"open","in_state_for_ms":2000,"opened_count":3,"rejected":7,)"
              R"("next_trial_in_ms":1500},"pool":{"used":0,"max_size":10,"idle":0,"waiting":0}})");
  EXPECT_EQ(run({"why", "a"}), 0);
  EXPECT_EQ(gateway_.asked[0].path, "/admin/databases/a/why");
  EXPECT_EQ(out(),
            "a: the breaker has been open for 2s; it opened 3 times and refused 7 calls\n"
            " why      5 of 5 calls failed\n"
            "          limit 50 %\n"
            " next     a trial in 1.5s\n"
            " pool     0 of 10 in use, 0 idle, 0 callers wait\n");
}

TEST_F(OperatingCommands, VerbsGoToTheirPaths) {
  for (const char* verb : {"pause", "resume", "reconnect", "drain"}) {
    will_answer(200, R"({"db_id":"a b","state":"paused","message":"callers wait"})");
    EXPECT_EQ(run({verb, "a b", "--reason", "disks"}), 0);
    EXPECT_EQ(gateway_.asked.back().path, std::string("/admin/databases/a%20b/") + verb);
    EXPECT_EQ(gateway_.asked.back().body, R"({"reason":"disks"})");
  }
  EXPECT_TRUE(out().starts_with("a b: paused; callers wait\n"));
}

TEST_F(OperatingCommands, AProbeThatFailsIsARefusal) {
  will_answer(
      200,
      R"({"db_id":"a","ok":false,"latency_ms":null,"error":{"code":"x","detail":"Connection refused"}})");
  EXPECT_EQ(run({"probe", "a"}), 4);
  EXPECT_EQ(err(), "a: does not answer: Connection refused\n");
  will_answer(200, R"({"db_id":"a","ok":true,"latency_ms":3})");
  EXPECT_EQ(run({"probe", "a"}), 0);
}

TEST_F(OperatingCommands, BreakerTakesAStateATimeAndAReason) {
  will_answer(200, R"({"breaker":{"state":"forced_open"},"explanation":"by hand"})");
  EXPECT_EQ(run({"breaker", "a", "force-open", "--for", "10m", "--reason", "r"}), 0);
  EXPECT_EQ(gateway_.asked[0].body, R"({"state":"forced_open","for_ms":600000,"reason":"r"})");
  EXPECT_EQ(out(), "a: the breaker is forced_open; by hand\n");
  EXPECT_EQ(run({"breaker", "a", "open"}), 1);
}

TEST_F(OperatingCommands, ConnectTakesThePasswordFromAFileAVariableOrItsInput) {
  const std::string expected =
      R"({"host":"h","port":5432,"database":"d","user":"u","ssl":"prefer","password":"s3cret"})";
  environment_["PW"] = "s3cret";
  run({"connect", "postgresql://u@h/d", "--password-file", files_.write("pw", "s3cret\n")});
  run({"connect", "postgresql://u@h/d", "--password-env", "PW"});
  in_.str("postgresql://u:s3cret@h/d\n");
  run({"connect", "-"});
  ASSERT_EQ(gateway_.asked.size(), 3u);
  for (const auto& request : gateway_.asked) EXPECT_EQ(request.body, expected);
}

TEST_F(OperatingCommands, ConnectRefusesAPasswordThatEverybodyCanRead) {
  EXPECT_EQ(run({"connect", "postgresql://u:s3cret@h/d"}), 1);
  EXPECT_EQ(err().find("s3cret"), std::string::npos);
  EXPECT_TRUE(gateway_.asked.empty());
}

TEST_F(OperatingCommands, ConnectSendsWhatElseWasSaid) {
  will_answer(201, R"({"db_id":"o","created":true,"server_version":"15.1","latency_ms":12})");
  EXPECT_EQ(run({"connect", "postgresql://u@h:1/d?sslmode=require", "--id", "o", "--label", "r=eu",
                 "--label", "t=", "--required", "--max-size", "3", "--no-password"}),
            0);
  EXPECT_EQ(gateway_.asked[0].body,
            R"({"host":"h","port":1,"database":"d","user":"u","ssl":"require","db_id":"o",)"
            R"("required":true,"pool":{"max_size":3},"labels":{"r":"eu","t":""}})");
  EXPECT_EQ(out(), "o: connected, PostgreSQL 15.1, 12ms\n");
}

TEST_F(OperatingCommands, DisconnectMayBeForced) {
  EXPECT_EQ(run({"disconnect", "a", "--force"}), 0);
  EXPECT_EQ(gateway_.asked[0].method, "DELETE");
  EXPECT_EQ(gateway_.asked[0].path, "/databases/a?force=true");
}

TEST_F(OperatingCommands, ReloadTellsWhatChanges) {
  will_answer(200,
              R"({"applied":false,"changes":[{"name":"pool.max_size","from":"10","to":"20",)"
              R"("applied":false,"reloadable":true},{"name":"server.listen","from":null,"to":"x",)"
              R"("applied":false,"reloadable":false}]})");
  EXPECT_EQ(run({"reload", "--dry-run"}), 0);
  EXPECT_EQ(gateway_.asked[0].method, "POST");
  EXPECT_EQ(gateway_.asked[0].path, "/admin/reload?dry_run=true");
  EXPECT_EQ(out(),
            "pool.max_size: 10 -> 20\n"
            "server.listen: (none) -> x (needs a restart)\n");
}

TEST_F(OperatingCommands, AnInvalidConfigurationIsToldWhole) {
  will_answer(422, R"({"code":"invalid_request","detail":"2 mistakes","errors":[)"
                   R"({"field":"f:1","message":"a"},{"field":"f:2","message":"b"}]})");
  EXPECT_EQ(run({"reload"}), 1);
  EXPECT_EQ(err(), "2 mistakes (invalid_request)\n  f:1: a\n  f:2: b\n");
}

TEST_F(OperatingCommands, ListsOfQueriesAndStatementsAskAsTold) {
  run({"queries", "--db", "a b"});
  run({"statements", "--order", "errors", "-n", "3", "--db", "a"});
  run({"cancel", "1/2"});
  ASSERT_EQ(gateway_.asked.size(), 3u);
  EXPECT_EQ(gateway_.asked[0].path, "/admin/queries?db_id=a%20b");
  EXPECT_EQ(gateway_.asked[1].path, "/admin/statements?order=errors&limit=3&db_id=a");
  EXPECT_EQ(gateway_.asked[2].path, "/admin/queries/1%2F2");
}

TEST_F(OperatingCommands, EventsAreLinesAsALogHasThem) {
  will_answer(200, R"({"events":[{"seq":1,"time":"T","kind":"breaker","db_id":"a","actor":null,)"
                   R"("message":"opened\u001b"},{"seq":2,"time":"T","kind":"server","db_id":null,)"
                   R"("actor":"ann","message":"reload"}],"next_seq":3})");
  EXPECT_EQ(run({"events", "--db", "a", "--kind", "breaker", "-n", "5"}), 0);
  EXPECT_EQ(gateway_.asked[0].path, "/admin/events?limit=5&db_id=a&kind=breaker");
  EXPECT_EQ(out(),
            "T  breaker   a: opened\\x1b\n"
            "T  server    reload (by ann)\n");
}

}  // namespace
}  // namespace sluice::app::commands
