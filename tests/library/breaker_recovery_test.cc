// A breaker over a real server that stops, hangs and comes back.
#include "library_fixture.h"

namespace sluice {
namespace {

class BreakerRecoveryTest : public LibraryTest {
 protected:
  static DatabaseOptions impatient() {
    DatabaseOptions options;
    options.pool.connect_timeout = 300ms;
    options.pool.acquire_timeout = 500ms;
    options.breaker.minimum_calls = 3;
    options.breaker.open_for = 200ms;
    options.breaker.max_open_for = 400ms;
    return options;
  }

  BreakerState state() { return manager.stats("db")->breaker.state; }

  /// Queries until the breaker opens; the errors' codes on the way.
  bool opens() {
    return eventually([this] {
      (void)manager.query("db", statement("SELECT 1"));
      return state() == BreakerState::kOpen;
    });
  }

  bool recovers() {
    return eventually([this] {
      (void)manager.query("db", statement("SELECT 1"));
      return state() == BreakerState::kClosed;
    });
  }
};

TEST_F(BreakerRecoveryTest, OpensWhenTheServerStopsAndClosesWhenItIsBack) {
  connect(impatient());
  ASSERT_TRUE(manager.query("db", statement("SELECT 1")));
  server->stop();
  ASSERT_TRUE(opens());
  const auto before = std::chrono::steady_clock::now();
  const auto refused = manager.query("db", statement("SELECT 1"));
  const auto took = std::chrono::steady_clock::now() - before;
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBreakerOpen);
  EXPECT_EQ(refused.error().outcome, Outcome::kNotStarted);
  EXPECT_TRUE(refused.error().retry_after);
  EXPECT_LT(took, 100ms);
  EXPECT_EQ(manager.health().verdict, Health::Verdict::kUnhealthy);
  server->start();
  ASSERT_TRUE(recovers());
  EXPECT_TRUE(manager.query("db", statement("SELECT 1")));
  ASSERT_GE(transitions->seen().size(), 3u);
  EXPECT_EQ(transitions->seen().front().to, BreakerState::kOpen);
  EXPECT_FALSE(transitions->seen().front().explanation.empty());
}

TEST_F(BreakerRecoveryTest, AFrozenServerTimesCallsOutOpensTheBreakerAndRecovers) {
  connect(impatient());
  ASSERT_TRUE(manager.query("db", statement("SELECT 1")));
  server->freeze();
  auto slow = statement("SELECT 1");
  slow.timeout = 200ms;
  const auto before = std::chrono::steady_clock::now();
  const auto hung = manager.query("db", slow);
  const auto took = std::chrono::steady_clock::now() - before;
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, ErrorCode::kQueryTimeout);
  EXPECT_EQ(hung.error().outcome, Outcome::kUnknown);
  EXPECT_GE(took, 190ms);
  EXPECT_LT(took, 2s);
  ASSERT_TRUE(opens());
  server->thaw();
  ASSERT_TRUE(recovers());
}

TEST_F(BreakerRecoveryTest, OneSickDatabaseDoesNotTouchAnother) {
  connect(impatient());
  test::PrivatePostgres other;
  ASSERT_TRUE(manager.connect(other.target(), impatient(), "sick"));
  other.freeze();
  std::vector<std::future<Result<QueryResult>>> stuck;
  for (int i = 0; i < 50; ++i) {
    auto query = statement("SELECT 1");
    query.timeout = 1s;
    stuck.push_back(manager.query_future("sick", std::move(query)));
  }
  for (int i = 0; i < 100; ++i) {
    const auto result = manager.query("db", statement("SELECT 1"));
    ASSERT_TRUE(result) << result.error().message;
  }
  for (auto& future : stuck) EXPECT_FALSE(future.get());
  other.thaw();
}

TEST_F(BreakerRecoveryTest, TerminatedBackendsAreReplaced) {
  connect(impatient());
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(eventually([&] { return bool(manager.query("db", statement("SELECT 1"))); }));
    server->run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'sluice'");
  }
  EXPECT_TRUE(eventually([&] { return bool(manager.query("db", statement("SELECT 1"))); }));
}

TEST_F(BreakerRecoveryTest, AWrongParameterCountDoesNotTouchTheBreaker) {
  connect(impatient());
  for (int i = 0; i < 30; ++i) {
    const auto result = manager.query("db", statement("SELECT $1::int, $2::int", {1}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
  }
  EXPECT_EQ(state(), BreakerState::kClosed);
  EXPECT_EQ(manager.stats("db")->breaker.window_failures, 0);
}

}  // namespace
}  // namespace sluice
