// A database with several hosts: where calls go, and what becomes of them when roles change.
#include "manager_fixture.h"

namespace sluice::manager {
namespace {

Answer primary_at(const char* timeline, const char* position) {
  return Answer::with_rows({"1", "2", "3", "4", "5", "6"},
                           {{"f", "off", position, timeline, "1000000", std::nullopt}});
}

Answer replica_at(const char* position) {
  return Answer::with_rows({"1", "2", "3", "4", "5", "6"},
                           {{"t", "on", position, std::nullopt, "1000000", "1000000"}});
}

class HostsTest : public ManagerTest {
 protected:
  HostsTest() {
    factory.by_host = true;
    is(a, primary_at("1", "100"));
    is(b, replica_at("100"));
    is(c, replica_at("100"));
  }

  static void is(testing::FakeDatabase& host, const Answer& answer) {
    host.statement(HostProbe::question(0)).always(answer);
  }
  static void dies(testing::FakeDatabase& host) {
    host.connects.always(Answer::fails(testing::refused_connection()));
    host.lose_all();
  }
  static void comes_back(testing::FakeDatabase& host) { host.connects.always(Answer::ok()); }

  void register_hosts(const DatabaseOptions& options = {}) {
    Target several = target();
    several.host = "a";
    several.other_hosts = {{"b", 5432}, {"c", 5432}};
    const auto connected = connect({several, options, "orders", true, {}});
    ASSERT_TRUE(connected && *connected) << (connected ? connected->error().message : "no answer");
    loop.run_posted();
  }

  std::shared_ptr<Answered> send(const std::string& sql, bool read_only = false,
                                 std::optional<Route> route = {}) {
    auto answered = start("orders", {.sql = sql, .read_only = read_only, .route = route});
    loop.run_posted();
    return answered;
  }
  std::string host_of(const std::shared_ptr<Answered>& answered) {
    if (!answered->done()) return "no answer";
    return *answered->result ? (*answered->result)->host : answered->result->error().message;
  }
  std::shared_ptr<Answered> read(Route route) { return send("SELECT 1", true, route); }
  static bool ran(testing::FakeDatabase& host, const std::string& sql) {
    return std::ranges::find(host.log(), sql) != host.log().end();
  }

  testing::FakeDatabase& a = factory.database("a");
  testing::FakeDatabase& b = factory.database("b");
  testing::FakeDatabase& c = factory.database("c");
};

TEST_F(HostsTest, WritesGoToThePrimaryAndReadsWhereTheyMay) {
  register_hosts();
  EXPECT_EQ(host_of(send("INSERT")), "a:5432");
  EXPECT_EQ(host_of(send("SELECT 1", true)), "a:5432") << "the default route";
  const auto replica = host_of(read(Route::kReplica));
  EXPECT_TRUE(replica == "b:5432" || replica == "c:5432") << replica;
  EXPECT_FALSE(ran(b, "INSERT") || ran(c, "INSERT"));
}

TEST_F(HostsTest, TheRouteIsASettingOfTheDatabase) {
  DatabaseOptions options;
  options.routing.route = Route::kReplica;
  register_hosts(options);
  EXPECT_NE(host_of(send("SELECT 1", true)), "a:5432");
  EXPECT_EQ(host_of(send("INSERT")), "a:5432") << "it is one of read-only calls";
  EXPECT_EQ(host_of(read(Route::kPrimary)), "a:5432");
}

TEST_F(HostsTest, AWriteMayNotAskForAReplica) {
  register_hosts();
  const auto write = send("INSERT", false, Route::kReplica);
  ASSERT_TRUE(write->done());
  EXPECT_EQ(write->code(), ErrorCode::kInvalidRequest);
  EXPECT_EQ(write->result->error().fields.at(0).field, "route");
  EXPECT_EQ(host_of(send("INSERT", false, Route::kAny)), "a:5432");
}

TEST_F(HostsTest, OneHostThatWorksIsEnoughToRegister) {
  dies(a);
  dies(c);
  register_hosts();
  EXPECT_EQ(host_of(read(Route::kReplica)), "b:5432");
}

TEST_F(HostsTest, NoHostThatWorksIsNotEnough) {
  for (auto* host : {&a, &b, &c}) dies(*host);
  b.connects.always(Answer::fails(testing::rejected_credentials()));
  Target several = target();
  several.host = "a";
  several.other_hosts = {{"b", 5432}, {"c", 5432}};
  const auto connected = connect({several, {}, "orders", true, {}});
  ASSERT_TRUE(connected && !*connected);
  EXPECT_EQ(connected->error().code, ErrorCode::kConnectionRejected) << "the most telling one";
}

TEST_F(HostsTest, AWriteWaitsForTheNewPrimary) {
  register_hosts();
  dies(a);
  const auto write = send("INSERT");
  loop.advance(1s);
  EXPECT_FALSE(write->done());
  is(b, primary_at("2", "101"));
  loop.advance(2'400ms);
  EXPECT_EQ(host_of(write), "b:5432");
  EXPECT_EQ(host_of(send("UPDATE")), "b:5432");
}

TEST_F(HostsTest, AWriteThatFailedAtThePrimaryIsSentAgainAfterTheLookItAsksFor) {
  register_hosts();
  loop.advance(1s);
  a.connects.next(Answer::fails(testing::refused_connection()));
  const auto write = send("INSERT");
  loop.advance(250ms);
  EXPECT_EQ(host_of(write), "a:5432") << "the next look by itself comes much later";
}

TEST_F(HostsTest, AWriteThatWaitsForAConnectionGoesWithThePrimary) {
  DatabaseOptions options;
  options.pool.max_size = 1;
  register_hosts(options);
  a.executes.always(Answer::never());
  const auto running = send("INSERT");
  const auto write = send("UPDATE");
  is(a, primary_at("1", "102"));  // it does not know it yet
  is(b, primary_at("2", "101"));
  loop.advance(2'500ms);
  EXPECT_EQ(host_of(write), "b:5432");
  a.executes.answer_oldest(Answer::ok());
  loop.run_posted();
  EXPECT_EQ(host_of(running), "a:5432") << "it had begun";
  EXPECT_FALSE(ran(a, "UPDATE"));
}

TEST_F(HostsTest, NobodyLooksAtHostsThatNobodyUses) {
  DatabaseOptions options;
  options.pool.pool_idle_timeout = 60s;
  register_hosts(options);
  send("INSERT");
  const auto looks = [this] { return a.statement(HostProbe::question(0)).calls(); };
  loop.advance(60s - 1ns);
  EXPECT_EQ(b.live(), 1) << "a monitor's connection";
  loop.advance(5s);  // the look that hears of the last call, and the one that ends it
  EXPECT_EQ(a.live() + b.live() + c.live(), 0);
  const int before = looks();
  loop.advance(10min);
  EXPECT_EQ(looks(), before);
  EXPECT_EQ(stats().hosts.at(0).role, HostRole::kPrimary) << "the last that was known";
}

TEST_F(HostsTest, TheNextCallWaitsForWhatHasHappenedSince) {
  DatabaseOptions options;
  options.pool.pool_idle_timeout = 60s;
  register_hosts(options);
  send("INSERT");
  loop.advance(10min);
  is(a, primary_at("1", "102"));  // still believes so
  is(b, primary_at("2", "101"));
  b.connects.always(Answer::ok(300ms));
  const auto write = send("UPDATE");
  const auto read =
      start("orders", {.sql = "SELECT 1", .read_only = true, .route = Route::kReplica});
  loop.advance(299ms);
  EXPECT_EQ(host_of(read), "no answer");
  loop.advance(302ms);
  EXPECT_EQ(host_of(read), "c:5432");
  EXPECT_EQ(host_of(send("DELETE")), "b:5432");
  loop.advance(5s);
  EXPECT_EQ(b.live(), 2) << "somebody looks again";
}

TEST_F(HostsTest, HostsOfADatabaseInUseAreLookedAt) {
  DatabaseOptions options;
  options.pool.pool_idle_timeout = 60s;
  register_hosts(options);
  for (int i = 0; i < 10; ++i) {
    send("INSERT");
    loop.advance(59s);
    EXPECT_EQ(b.live(), 1);
  }
}

TEST_F(HostsTest, AWriteWaitsNoLongerThanItMay) {
  register_hosts();
  dies(a);
  loop.advance(1s);
  const auto write = send("INSERT");
  loop.advance(5s - 1ns);
  EXPECT_FALSE(write->done());
  loop.advance(1ns);
  ASSERT_TRUE(write->done());
  const Error& error = write->result->error();
  EXPECT_EQ(error.code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(error.outcome, Outcome::kNotStarted);
  EXPECT_TRUE(error.retryable);
  EXPECT_NE(error.message.find("no host takes writes: a:5432 is down ("), std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find("b:5432 is a replica, c:5432 is a replica; waited 5000 ms"),
            std::string::npos)
      << error.message;
}

TEST_F(HostsTest, AWriteWaitsNoLongerThanItsDeadline) {
  register_hosts();
  dies(a);
  loop.advance(1s);
  const auto write = call("INSERT", 700ms);
  loop.advance(700ms - 1ns);
  EXPECT_FALSE(write->done());
  loop.advance(1ns);
  EXPECT_TRUE(write->done());
}

TEST_F(HostsTest, OnlySoManyWaitForAPrimary) {
  DatabaseOptions options;
  options.pool.max_waiters = 2;
  register_hosts(options);
  dies(a);
  loop.advance(1s);
  const auto first = send("INSERT 1");
  const auto second = send("INSERT 2");
  const auto third = send("INSERT 3");
  ASSERT_TRUE(third->done());
  EXPECT_EQ(third->code(), ErrorCode::kQueueFull);
  first->handle.cancel();
  loop.run_posted();
  EXPECT_EQ(first->code(), ErrorCode::kCancelled);
  is(b, primary_at("2", "101"));
  loop.advance(2'400ms);
  EXPECT_EQ(host_of(second), "b:5432");
  EXPECT_FALSE(ran(b, "INSERT 1"));
}

TEST_F(HostsTest, AStatementThatADemotedPrimaryRefusedIsSentToTheNewOne) {
  register_hosts();
  send("INSERT");
  is(a, replica_at("100"));
  is(b, primary_at("2", "101"));
  a.statement("UPDATE").always(Answer::fails(testing::sql_error("25006", "read-only transaction")));
  const auto update = send("UPDATE");
  loop.advance(250ms);
  EXPECT_EQ(host_of(update), "b:5432");
}

TEST_F(HostsTest, AWriteThatTheSamePrimaryRefusesTwiceIsRefused) {
  register_hosts();
  a.executes.always(Answer::fails(testing::sql_error("25006", "read-only transaction")));
  const auto update = send("UPDATE");
  loop.advance(500ms);
  ASSERT_TRUE(update->done());
  EXPECT_EQ(update->result->error().sqlstate(), "25006");
  EXPECT_EQ(std::ranges::count(a.log(), "UPDATE"), 2);
}

TEST_F(HostsTest, WaitingForAPrimaryIsNoTimeOfTheDatabase) {
  register_hosts();
  is(a, replica_at("100"));
  a.executes.always(Answer::fails(testing::sql_error("25006", "read-only transaction")));
  const auto update = send("UPDATE");
  loop.advance(5s);
  ASSERT_TRUE(update->done());
  EXPECT_EQ(update->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(update->result->error().timings.database, 0us);
  EXPECT_EQ(update->result->error().timings.queue, 5s);
}

TEST_F(HostsTest, AReadOnlyCallThatWritesIsTheCallersMistake) {
  register_hosts();
  a.executes.always(Answer::fails(testing::sql_error("25006", "read-only transaction")));
  const auto update = send("UPDATE", true);
  ASSERT_TRUE(update->done());
  EXPECT_EQ(update->result->error().sqlstate(), "25006");
}

TEST_F(HostsTest, AnUnknownOutcomeIsNotRepeated) {
  register_hosts();
  send("SELECT 1");
  a.statement("INSERT").next(Answer::loses_connection());
  const auto insert = send("INSERT");
  loop.advance(1s);
  ASSERT_TRUE(insert->done() && !*insert->result) << "the primary is well, and would do it again";
  EXPECT_EQ(insert->result->error().outcome, Outcome::kUnknown);
  EXPECT_EQ(std::ranges::count(a.log(), "INSERT"), 1);
  EXPECT_FALSE(ran(b, "INSERT") || ran(c, "INSERT"));
}

TEST_F(HostsTest, AReadThatLostItsReplicaGoesToAnother) {
  register_hosts();
  is(c, replica_at("100"));
  dies(c);
  loop.advance(1s);
  ASSERT_EQ(host_of(read(Route::kReplica)), "b:5432");
  comes_back(c);
  loop.advance(3s);
  b.statement("SELECT 2").always(Answer::loses_connection());
  c.statement("SELECT 2").always(Answer::ok());
  for (int i = 0; i < 8; ++i) EXPECT_EQ(host_of(send("SELECT 2", true, Route::kReplica)), "c:5432");
}

/// A replica refuses at once, and the primary has no connection free.
class MovedReadTest : public HostsTest {
 protected:
  MovedReadTest() {
    DatabaseOptions options;
    options.pool.max_size = 1;
    register_hosts(options);
    a.executes.always(Answer::never());
    send("INSERT");
    dies(c);
    loop.advance(1s);
    b.connects.always(Answer::fails(testing::refused_connection()));
    first_ = read(Route::kPreferReplica);
    second_ = read(Route::kPreferReplica);
  }
  [[nodiscard]] int waiting_at_the_primary() { return stats().hosts.at(0).pool.waiting; }

  std::shared_ptr<Answered> first_;
  std::shared_ptr<Answered> second_;  // refused before it had left the first host's pool
};

TEST_F(MovedReadTest, LeavesTheQueueWhenItIsCancelled) {
  ASSERT_EQ(waiting_at_the_primary(), 2);
  second_->handle.cancel();
  loop.run_posted();
  EXPECT_EQ(second_->code(), ErrorCode::kCancelled);
  EXPECT_EQ(waiting_at_the_primary(), 1);
}

TEST_F(MovedReadTest, LeavesTheQueueOfAHostThatIsOvertaken) {
  is(c, primary_at("2", "101"));
  comes_back(c);
  is(b, replica_at("100"));
  b.connects.always(Answer::ok());
  loop.advance(3s);
  EXPECT_EQ(waiting_at_the_primary(), 0);
  for (const auto& each : {first_, second_}) EXPECT_EQ(host_of(each), "b:5432");
  a.executes.answer_oldest(Answer::ok());
  loop.run_posted();
  EXPECT_FALSE(ran(a, "SELECT 1"));
}

TEST_F(HostsTest, WithAllReplicasOutThoseWhoMayGoToThePrimary) {
  register_hosts();
  dies(b);
  dies(c);
  loop.advance(1s);
  EXPECT_EQ(host_of(read(Route::kPreferReplica)), "a:5432");
  EXPECT_EQ(host_of(read(Route::kAny)), "a:5432");
  const auto refused = read(Route::kReplica);
  ASSERT_TRUE(refused->done());
  EXPECT_EQ(refused->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(refused->result->error().message.find("no replica may be read: a:5432 is no replica"),
            0u);
  comes_back(c);
  loop.advance(2'400ms);
  EXPECT_EQ(host_of(read(Route::kReplica)), "c:5432");
}

TEST_F(HostsTest, ConnectionsOfAHostInAnotherRoleAreReplaced) {
  register_hosts();
  send("INSERT");
  read(Route::kReplica);
  const auto monitors_only = [](testing::FakeDatabase& host) { return host.live() == 1; };
  ASSERT_FALSE(monitors_only(a));
  is(a, replica_at("100"));
  is(b, primary_at("2", "101"));
  loop.advance(2'400ms);
  loop.run_posted();
  EXPECT_TRUE(monitors_only(a));
  EXPECT_TRUE(monitors_only(b));
  EXPECT_EQ(host_of(send("INSERT")), "b:5432");
}

TEST_F(HostsTest, ARoguePrimaryGetsNoCalls) {
  register_hosts();
  dies(a);
  is(b, primary_at("2", "101"));
  loop.advance(3s);
  comes_back(a);  // and still thinks that it is the primary
  loop.advance(3s);
  EXPECT_EQ(host_of(send("INSERT")), "b:5432");
  EXPECT_EQ(observer.hosts.back(), "a:5432 conflict");
  for (int i = 0; i < 20; ++i) EXPECT_NE(host_of(read(Route::kAny)), "a:5432");
}

TEST_F(HostsTest, AFlappingHostEndsWhereItBegan) {
  register_hosts();
  for (int i = 0; i < 5; ++i) {
    dies(a);
    loop.advance(600ms);
    comes_back(a);
    loop.advance(2'400ms);
    EXPECT_EQ(host_of(send("INSERT " + std::to_string(i))), "a:5432");
  }
}

TEST_F(HostsTest, TheStatisticsNameEveryHost) {
  register_hosts();
  send("INSERT");
  dies(c);
  loop.advance(1s);
  const auto now = stats();
  ASSERT_EQ(now.hosts.size(), 3u);
  EXPECT_EQ(now.target, "app@a:5432,b:5432,c:5432/orders");
  EXPECT_EQ(now.hosts[0].role, HostRole::kPrimary);
  EXPECT_EQ(now.hosts[0].queries, 1);
  EXPECT_EQ(now.hosts[1].role, HostRole::kReplica);
  EXPECT_EQ(now.hosts[1].lag, 0ms);
  EXPECT_FALSE(now.hosts[2].up);
  EXPECT_FALSE(now.hosts[2].problem.empty());
  EXPECT_EQ(now.breaker.state, BreakerState::kClosed) << "the primary's";
}

TEST_F(HostsTest, WithoutAPrimaryItIsNotHealthy) {
  register_hosts();
  EXPECT_TRUE(judge_health({stats()}).databases[0].healthy);
  dies(b);
  loop.advance(1s);
  const auto one_down = judge_health({stats()}).databases[0];
  EXPECT_TRUE(one_down.healthy);
  EXPECT_EQ(one_down.warnings.size(), 1u);
  dies(a);
  loop.advance(1s);
  EXPECT_FALSE(judge_health({stats()}).databases[0].healthy);
}

TEST_F(HostsTest, ClosingAnswersThoseWhoWait) {
  register_hosts();
  dies(a);
  loop.advance(1s);
  const auto write = send("INSERT");
  bool closed = false;
  manager.close(10s, [&closed] { closed = true; });
  loop.run_posted();
  ASSERT_TRUE(write->done());
  EXPECT_EQ(write->code(), ErrorCode::kDraining);
  EXPECT_TRUE(closed);
  EXPECT_EQ(a.live() + b.live() + c.live(), 0) << "the monitors' too";
}

TEST_F(HostsTest, ALeaseIsOfThePrimary) {
  register_hosts();
  is(a, replica_at("100"));
  is(b, primary_at("2", "101"));
  loop.advance(2'400ms);
  const int before = b.live();
  std::unique_ptr<Loan> loan;
  manager.lend("orders", {},
               [&loan](Result<std::unique_ptr<Loan>> lent) { loan = std::move(*lent); });
  loop.run_posted();
  ASSERT_TRUE(loan);
  EXPECT_EQ(b.live(), before + 1);
}

}  // namespace
}  // namespace sluice::manager
