#include "sluice/pool_manager.h"

#include <future>

#include "library_fixture.h"

namespace sluice {
namespace {

class PoolManagerTest : public LibraryTest {};

TEST_F(PoolManagerTest, ConnectingIsGetOrCreate) {
  const auto created = manager.connect(server->target());
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_TRUE(created->created);
  EXPECT_TRUE(created->server_version.starts_with("15."));
  const auto found = manager.connect(server->target());
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->created);
  EXPECT_EQ(found->db_id, created->db_id);
  EXPECT_EQ(manager.databases(), std::vector<std::string>{created->db_id});
}

TEST_F(PoolManagerTest, AWrongPasswordRegistersNothing) {
  auto target = server->target("postgres", "scram_user");
  target.password = Secret("not the password");
  const auto connected = manager.connect(target, "db");
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kConnectionRejected);
  EXPECT_EQ(connected.error().sqlstate(), "28P01");
  EXPECT_EQ(connected.error().message.find("not the password"), std::string::npos);
  EXPECT_TRUE(manager.databases().empty());
}

TEST_F(PoolManagerTest, QueriesInThreeWays) {
  connect();
  const auto blocking = manager.query("db", statement("SELECT $1::int + 1 AS n", {41}));
  ASSERT_TRUE(blocking) << blocking.error().message;
  EXPECT_EQ(blocking->columns.at(0).name, "n");
  EXPECT_EQ(blocking->rows.at(0).at(0), "42");

  const auto future = manager.query_future("db", statement("SELECT NULL")).get();
  ASSERT_TRUE(future);
  EXPECT_EQ(future->rows.at(0).at(0), std::nullopt);

  std::promise<Result<QueryResult>> answered;
  manager.async_query("db", statement("SELECT 'x'"), [&answered](Result<QueryResult> result) {
    answered.set_value(std::move(result));
  });
  const auto called_back = answered.get_future().get();
  ASSERT_TRUE(called_back);
  EXPECT_EQ(called_back->rows.at(0).at(0), "x");
}

TEST_F(PoolManagerTest, ABlockingCallInsideACallbackIsRefused) {
  connect();
  std::promise<Result<QueryResult>> inner;
  manager.async_query("db", statement("SELECT 1"), [&](const Result<QueryResult>&) {
    inner.set_value(manager.query("db", statement("SELECT 2")));
  });
  const auto refused = inner.get_future().get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kWouldDeadlock);
}

TEST_F(PoolManagerTest, AnUnknownDatabaseIsSaidSo) {
  const auto result = manager.query("nothing", statement("SELECT 1"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnknownDatabase);
  EXPECT_FALSE(manager.stats("nothing"));
  EXPECT_FALSE(manager.disconnect("nothing"));
}

TEST_F(PoolManagerTest, ATransactionIsAllOrNothing) {
  connect();
  server->run("DROP TABLE IF EXISTS account; CREATE TABLE account (id int PRIMARY KEY)");
  const auto both = manager.transaction("db", {statement("INSERT INTO account VALUES (1)"),
                                               statement("SELECT count(*) FROM account")});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->at(0).completion.affected, 1);
  EXPECT_EQ(both->at(1).rows.at(0).at(0), "1");

  const auto failed = manager.transaction("db", {statement("INSERT INTO account VALUES (2)"),
                                                 statement("INSERT INTO account VALUES (1)")});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().sqlstate(), "23505");
  EXPECT_EQ(failed.error().outcome, Outcome::kRolledBack);
  EXPECT_TRUE(failed.error().message.starts_with("statement 2: ")) << failed.error().message;
  EXPECT_EQ(server->value("SELECT count(*) FROM account"), "1");

  TransactionOptions read_only;
  read_only.read_only = true;
  const auto refused =
      manager.transaction("db", {statement("INSERT INTO account VALUES (3)")}, read_only);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sqlstate(), "25006");
}

TEST_F(PoolManagerTest, AFanOutGivesSuccessesAndFailures) {
  connect({}, "a");
  connect({}, "b");
  FanOut fan_out;
  fan_out.targets.db_ids = {"a", "nothing", "b"};
  fan_out.query = statement("SELECT 1");
  fan_out.min_successes = 2;
  const auto result = manager.fan_out(fan_out);
  ASSERT_EQ(result.legs.size(), 3u);
  EXPECT_TRUE(result.legs[0].result);
  EXPECT_EQ(result.legs[1].result.error().code, ErrorCode::kUnknownDatabase);
  EXPECT_TRUE(result.legs[2].result);
  EXPECT_TRUE(result.enough);
}

TEST_F(PoolManagerTest, LegsAreReadOnlyUnlessTheyMayWrite) {
  connect({}, "a");
  server->run("DROP TABLE IF EXISTS written; CREATE TABLE written (n int)");
  FanOut fan_out;
  fan_out.targets.all = true;
  fan_out.query = statement("INSERT INTO written VALUES (1)");
  const auto refused = manager.fan_out(fan_out);
  ASSERT_FALSE(refused.legs.at(0).result);
  EXPECT_EQ(refused.legs[0].result.error().sqlstate(), "25006");
  fan_out.write = true;
  const auto written = manager.fan_out(fan_out);
  EXPECT_TRUE(written.legs.at(0).result);
  EXPECT_EQ(server->value("SELECT count(*) FROM written"), "1");
}

TEST_F(PoolManagerTest, OneValueIsEasilyHad) {
  connect();
  EXPECT_EQ(manager.query("db", {"SELECT 42"})->value(), "42");
  EXPECT_EQ(manager.query("db", {"SELECT NULL, 1"})->value(), std::nullopt);
  EXPECT_EQ(manager.query("db", {"SELECT 1 WHERE false"})->value(), std::nullopt);
  EXPECT_EQ(manager.query("db", {"SELECT"})->value(), std::nullopt);
}

TEST_F(PoolManagerTest, AHundredCallersShareTenConnections) {
  connect();
  std::vector<std::future<Result<QueryResult>>> futures;
  for (int i = 0; i < 100; ++i) {
    futures.push_back(manager.query_future("db", statement("SELECT $1::int, pg_sleep(0.02)", {i})));
  }
  int most = 0;
  for (int i = 0; i < 100; ++i) {
    most = std::max(most, server->backends("sluice"));
    const auto result = futures[static_cast<std::size_t>(i)].get();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->rows.at(0).at(0), std::to_string(i));
  }
  EXPECT_GT(most, 1);
  EXPECT_LE(most, 10);
  EXPECT_LE(manager.stats("db")->pool.connections_created, 10);
}

TEST_F(PoolManagerTest, ALargeResultIsRefusedBeforeItFillsTheMemory) {
  DatabaseOptions options;
  options.query.max_result_bytes = 1'000;
  connect(options);
  const auto result =
      manager.query("db", statement("SELECT repeat('x', 100) FROM generate_series(1, 1000000)"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kResultTooLarge);
  EXPECT_TRUE(manager.query("db", statement("SELECT 1")));
}

TEST_F(PoolManagerTest, StatisticsAddUp) {
  connect();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(manager.query("db", statement("SELECT 1")));
  ASSERT_FALSE(manager.query("db", statement("SELECT nothing")));
  const auto stats = manager.stats("db");
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->queries, 6);
  EXPECT_EQ(stats->errors, 1);
  EXPECT_EQ(stats->errors_by_sqlstate.at("42703"), 1);
  EXPECT_EQ(stats->pool.acquired, 6);
  EXPECT_EQ(stats->pool.acquired, stats->pool.released);
  EXPECT_EQ(stats->pool.used, 0);
  EXPECT_EQ(stats->breaker.state, BreakerState::kClosed);
  EXPECT_EQ(manager.health().verdict, Health::Verdict::kHealthy);
}

TEST_F(PoolManagerTest, PauseHoldsCallsUntilResumed) {
  connect();
  ASSERT_TRUE(manager.pause("db"));
  auto waiting = manager.query_future("db", statement("SELECT 1"));
  EXPECT_EQ(waiting.wait_for(100ms), std::future_status::timeout);
  ASSERT_TRUE(manager.resume("db"));
  EXPECT_TRUE(waiting.get());
}

TEST_F(PoolManagerTest, ShardsShareADatabaseBetweenWorkers) {
  DatabaseOptions options;
  options.pool.shards = 2;
  options.pool.max_size = 4;
  connect(options);
  std::vector<std::future<Result<QueryResult>>> futures;
  for (int i = 0; i < 40; ++i) {
    futures.push_back(manager.query_future("db", statement("SELECT pg_sleep(0.01)")));
  }
  for (auto& future : futures) EXPECT_TRUE(future.get());
  EXPECT_LE(manager.stats("db")->pool.connections_created, 4);
  EXPECT_EQ(manager.stats("db")->queries, 40);
}

TEST_F(PoolManagerTest, DisconnectLetsWhatRunsFinish) {
  connect();
  auto running = manager.query_future("db", statement("SELECT pg_sleep(0.3)"));
  ASSERT_TRUE(eventually([&] { return manager.stats("db")->pool.used == 1; }));
  ASSERT_TRUE(manager.disconnect("db"));
  EXPECT_TRUE(running.get());
  EXPECT_TRUE(server->wait_for_backends(0, "sluice"));
}

TEST_F(PoolManagerTest, CloseCancelsWhatIsStillRunning) {
  connect();
  auto running = manager.query_future("db", statement("SELECT pg_sleep(60)"));
  ASSERT_TRUE(eventually([&] { return manager.stats("db")->pool.used == 1; }));
  manager.close(100ms);
  const auto ended = running.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::kDraining);
  EXPECT_TRUE(server->wait_for_backends(0, "sluice"));
  EXPECT_EQ(manager.query("db", statement("SELECT 1")).error().code, ErrorCode::kDraining);
}

}  // namespace
}  // namespace sluice
