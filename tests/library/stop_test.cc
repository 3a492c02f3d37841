#include <stop_token>

#include "library_fixture.h"

namespace sluice {
namespace {

/// Calls that their caller gives up.
class StopTest : public LibraryTest {
 protected:
  Query slow() {
    Query query = statement("SELECT pg_sleep(60)");
    query.stop = source.get_token();
    return query;
  }
  bool running() {
    return eventually([&] {
      return server->value(
                 "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%'"
                 " AND state = 'active' AND pid <> pg_backend_pid()") != "0";
    });
  }
  bool nothing_runs() {
    return eventually([&] { return manager.stats("db")->pool.used == 0; });
  }

  std::stop_source source;
};

TEST_F(StopTest, EndsWhatRunsAndCancelsItAtTheServer) {
  connect();
  auto ended = manager.query_future("db", slow());
  ASSERT_TRUE(running());
  source.request_stop();
  const auto result = ended.get();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(nothing_runs());
}

TEST_F(StopTest, EndsABlockingCall) {
  connect();
  std::thread other([this] {
    EXPECT_TRUE(running());
    source.request_stop();
  });
  const auto result = manager.query("db", slow());
  other.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST_F(StopTest, EndsWhatStillWaitsForAConnection) {
  DatabaseOptions options;
  options.pool.max_size = 1;
  connect(options);
  auto lease = manager.acquire("db");
  ASSERT_TRUE(lease);
  auto waiting = manager.query_future("db", slow());
  ASSERT_TRUE(eventually([&] { return manager.stats("db")->pool.waiting == 1; }));
  source.request_stop();
  EXPECT_EQ(waiting.get().error().code, ErrorCode::kCancelled);
  EXPECT_EQ(manager.stats("db")->pool.waiting, 0);
}

TEST_F(StopTest, ACallThatIsStoppedBeforeItBeginsEndsAtOnce) {
  connect();
  source.request_stop();
  EXPECT_EQ(manager.query("db", slow()).error().code, ErrorCode::kCancelled);
}

TEST_F(StopTest, StoppingWhatHasEndedChangesNothing) {
  connect();
  Query quick = statement("SELECT 1");
  quick.stop = source.get_token();
  ASSERT_TRUE(manager.query("db", quick));
  source.request_stop();
  EXPECT_TRUE(manager.query("db", statement("SELECT 1")));
}

TEST_F(StopTest, RollsATransactionBack) {
  connect();
  server->run("DROP TABLE IF EXISTS stopped; CREATE TABLE stopped (n int)");
  std::thread other([this] {
    EXPECT_TRUE(running());
    source.request_stop();
  });
  TransactionOptions options;
  options.stop = source.get_token();
  const auto result = manager.transaction(
      "db", {statement("INSERT INTO stopped VALUES (1)"), statement("SELECT pg_sleep(60)")},
      options);
  other.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(nothing_runs());
  EXPECT_EQ(server->value("SELECT count(*) FROM stopped"), "0");
}

TEST_F(StopTest, EndsEveryLegOfAFanOut) {
  connect({}, "db");
  connect({}, "other");
  FanOut everywhere;
  everywhere.targets.all = true;
  everywhere.concurrency = 1;
  everywhere.query = slow();
  std::thread other([this] {
    EXPECT_TRUE(running());
    source.request_stop();
  });
  const auto result = manager.fan_out(everywhere);
  other.join();
  ASSERT_EQ(result.legs.size(), 2u);
  for (const Leg& leg : result.legs) {
    ASSERT_FALSE(leg.result);
    EXPECT_EQ(leg.result.error().code, ErrorCode::kCancelled);
  }
}

}  // namespace
}  // namespace sluice
