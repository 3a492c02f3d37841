// Interactive sessions: a client keeps a connection for several statements.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manager/client_sessions.h"
#include "manager/execution.h"
#include "manager_fixture.h"

namespace sluice::manager {
namespace {

using testing::FakeConnection;

class SessionsTest : public ManagerTest {
 protected:
  SessionsTest() { start_with({}); }

  void start_with(const DatabaseOptions& given) {
    DatabaseOptions options = given;
    if (options.pool.max_size == DatabaseOptions().pool.max_size) options.pool.max_size = 3;
    const auto connected = connect({target(), options, "orders", true, {}});
    ASSERT_TRUE(connected && *connected);
    loop.run_posted();
  }

  std::shared_ptr<Answered> run(const std::string& sql, std::shared_ptr<SessionUse> use,
                                std::optional<std::chrono::milliseconds> timeout = {}) {
    Call call;
    call.db_id = "orders";
    call.query = {.sql = sql, .timeout = timeout};
    call.session = std::move(use);
    auto answered = start(std::move(call));
    loop.run_posted();
    return answered;
  }

  std::shared_ptr<SessionUse> wish() const {
    auto use = std::make_shared<SessionUse>();
    use->proof = "secret";
    use->actor = "anna";
    use->idle_timeout = 30'000ms;
    use->max_duration = 300'000ms;
    return use;
  }
  /// The id; empty when it was refused.
  std::string open() {
    const auto use = wish();
    const auto answered = run("SELECT 1", use);
    return answered->done() && *answered->result ? use->id : "";
  }
  std::shared_ptr<SessionUse> in(const std::string& id, const std::string& proof = "secret") const {
    auto use = std::make_shared<SessionUse>();
    use->id = id;
    use->proof = proof;
    return use;
  }
  std::optional<SessionView> look(const std::string& id) {
    std::optional<SessionView> view;
    manager.live_sessions().look({"orders", id, {}}, loop, [&](auto found) { view = found; });
    loop.run_posted();
    return view;
  }
  void end(const std::string& id, SessionEnd why = SessionEnd::kClosed) {
    manager.live_sessions().end({"orders", id, {}}, why, loop, [](auto) {});
    loop.run_posted();
  }
  bool alive(const std::string& id) { return look(id).has_value(); }
  FakeConnection& first_connection() { return *orders().connections().front(); }
};

TEST_F(SessionsTest, AllItsStatementsRunOnOneConnection) {
  std::vector<int> numbers;
  orders().on_execute = [&](FakeConnection& connection, const Query&) {
    numbers.push_back(connection.number());
  };
  const auto id = open();
  ASSERT_FALSE(id.empty());
  for (const char* sql : {"BEGIN", "INSERT", "COMMIT"}) {
    const auto answered = run(sql, in(id));
    ASSERT_TRUE(answered->done() && *answered->result) << sql;
    const auto other = call("SELECT 2");
    loop.run_posted();
    EXPECT_TRUE(other->done() && *other->result) << "others have the other one";
  }
  ASSERT_EQ(numbers.size(), 7U);
  EXPECT_EQ(numbers[1], numbers[0]);
  EXPECT_EQ(numbers[3], numbers[0]);
  EXPECT_EQ(numbers[5], numbers[0]);
  EXPECT_NE(numbers[2], numbers[0]);
}

TEST_F(SessionsTest, IdlenessEndsItAndStatementsPutThatOff) {
  const auto id = open();
  loop.advance(29'999ms);
  EXPECT_TRUE(*run("SELECT 1", in(id))->result);
  loop.advance(29'999ms);
  EXPECT_TRUE(alive(id));
  loop.advance(1ms);
  EXPECT_FALSE(alive(id));
  EXPECT_EQ(run("SELECT 1", in(id))->code(), ErrorCode::kUnknownSession);
  EXPECT_EQ(observer.sessions, std::vector<std::string>{"idle"});
}

TEST_F(SessionsTest, NoStatementIsIdleHoweverLongItRuns) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::ok(60s));
  const auto slow = run("SLOW", in(id), 100'000ms);
  loop.advance(59s);
  EXPECT_EQ(look(id)->state, "running");
  loop.advance(1s);
  EXPECT_TRUE(slow->done() && *slow->result);
  EXPECT_EQ(look(id)->state, "idle");
  loop.advance(29'999ms);
  EXPECT_TRUE(alive(id));
  loop.advance(1ms);
  EXPECT_FALSE(alive(id));
}

TEST_F(SessionsTest, ItsTimeIsOverAtTheEndWhateverItDoes) {
  const auto id = open();
  for (int i = 0; i < 14; ++i) {
    loop.advance(20s);
    ASSERT_TRUE(*run("SELECT 1", in(id))->result);
  }
  loop.advance(19'999ms);
  EXPECT_TRUE(alive(id));
  EXPECT_EQ(look(id)->expires_in, 1ms);
  orders().statement("SLOW").always(Answer::never());
  const auto slow = run("SLOW", in(id));
  loop.advance(1ms);
  loop.run_posted();
  EXPECT_FALSE(alive(id));
  ASSERT_TRUE(slow->done());
  EXPECT_EQ(slow->code(), ErrorCode::kCancelled);
  EXPECT_EQ(orders().cancels.calls(), 1);
  EXPECT_EQ(observer.sessions, std::vector<std::string>{"expired"});
}

TEST_F(SessionsTest, WhatItLeavesIsCleanedBeforeSomebodyElseHasTheConnection) {
  const auto id = open();
  ASSERT_TRUE(*run("BEGIN", in(id))->result);
  EXPECT_EQ(look(id)->state, "in_transaction");
  EXPECT_EQ(stats().sessions.in_transaction, 1);
  const int before = orders().resets.calls();
  end(id);
  EXPECT_EQ(orders().resets.calls(), before + 1);
  EXPECT_FALSE(first_connection().in_transaction());
  EXPECT_TRUE(observer.sessions.empty()) << "its owner knows";
}

TEST_F(SessionsTest, OneStatementAtATime) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::ok(1s));
  const auto slow = run("SLOW", in(id));
  const auto second = run("SELECT 1", in(id));
  ASSERT_TRUE(second->done());
  EXPECT_EQ(second->code(), ErrorCode::kSessionBusy);
  EXPECT_EQ(second->result->error().outcome, Outcome::kNotStarted);
  loop.advance(1s);
  EXPECT_TRUE(*slow->result);
  EXPECT_TRUE(*run("SELECT 1", in(id))->result);
}

TEST_F(SessionsTest, WithoutItsProofItIsAsIfItWereNotThere) {
  const auto id = open();
  for (const auto& use : {in(id, "wrong!"), in(id, ""), in("0-0"), in("7-1"), in("nonsense")}) {
    const auto answered = run("SELECT 1", use);
    ASSERT_TRUE(answered->done());
    EXPECT_EQ(answered->code(), ErrorCode::kUnknownSession);
    EXPECT_EQ(answered->result->error().message, unknown_session().message);
  }
  EXPECT_TRUE(alive(id));
}

TEST_F(SessionsTest, ThereAreOnlySoMany) {
  DatabaseOptions options;
  options.sessions.max_per_database = 1;
  start_with(options);
  const auto id = open();
  const auto refused = run("SELECT 1", wish());
  ASSERT_TRUE(refused->done());
  EXPECT_EQ(refused->code(), ErrorCode::kTooManySessions);
  end(id);
  EXPECT_FALSE(open().empty());
  options.sessions.max_per_database = 0;
  start_with(options);
  EXPECT_EQ(run("SELECT 1", wish())->code(), ErrorCode::kTooManySessions);
}

TEST_F(SessionsTest, AClientThatLeavesCancelsItsStatementOnly) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  const auto slow = run("SLOW", in(id));
  slow->handle.cancel();
  loop.run_posted();
  EXPECT_EQ(orders().cancels.calls(), 1);
  EXPECT_EQ(orders().settles.calls(), 1) << "the cancel must not meet the next statement";
  EXPECT_TRUE(*run("SELECT 1", in(id))->result);
}

TEST_F(SessionsTest, TheNextStatementWaitsUntilTheCancelIsOver) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  orders().settles.always(Answer::ok(2s));
  run("SLOW", in(id))->handle.cancel();
  loop.run_posted();
  const auto next = run("SELECT 1", in(id));
  loop.advance(1'999ms);
  EXPECT_FALSE(next->done());
  EXPECT_EQ(run("SELECT 1", in(id))->code(), ErrorCode::kSessionBusy) << "one may wait";
  loop.advance(1ms);
  EXPECT_TRUE(next->done() && *next->result);
}

TEST_F(SessionsTest, ButNoLongerThanItsOwnDeadline) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  orders().settles.always(Answer::ok(2s));
  run("SLOW", in(id))->handle.cancel();
  loop.run_posted();
  const auto hurried = run("SELECT 'hurried'", in(id), 500ms);
  loop.advance(500ms - 1ns);
  EXPECT_FALSE(hurried->done());
  loop.advance(1ns);
  ASSERT_TRUE(hurried->done());
  EXPECT_EQ(hurried->code(), ErrorCode::kAcquireTimeout);
  EXPECT_EQ(hurried->result->error().outcome, Outcome::kNotStarted);
  EXPECT_TRUE(hurried->result->error().retryable);
  const auto next = run("SELECT 1", in(id));
  loop.advance(1'500ms);
  EXPECT_TRUE(next->done() && *next->result);
  EXPECT_EQ(std::ranges::count(orders().log(), "SELECT 'hurried'"), 0);
}

TEST_F(SessionsTest, AServerThatDoesNotAnswerTheCancelLosesTheSession) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  orders().cancels.always(Answer::never());
  run("SLOW", in(id))->handle.cancel();
  loop.advance(499ms);
  EXPECT_TRUE(alive(id));
  loop.advance(1ms);
  loop.run_posted();
  EXPECT_FALSE(alive(id));
  EXPECT_EQ(observer.sessions, std::vector<std::string>{"lost"});
}

TEST_F(SessionsTest, AConnectionThatCannotBeSettledIsGivenUp) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  orders().settles.always(Answer::never());
  run("SLOW", in(id))->handle.cancel();
  loop.run_posted();
  const auto next = run("SELECT 1", in(id));
  loop.advance(4'999ms);
  EXPECT_FALSE(next->done());
  loop.advance(1ms);
  loop.run_posted();
  ASSERT_TRUE(next->done());
  EXPECT_EQ(next->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_FALSE(alive(id));
}

TEST_F(SessionsTest, ALostConnectionIsToldOnceAndThenTheSessionIsGone) {
  const auto id = open();
  orders().lose_all();
  loop.run_posted();
  const auto answered = run("SELECT 1", in(id));
  ASSERT_TRUE(answered->done());
  EXPECT_EQ(answered->code(), ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(run("SELECT 1", in(id))->code(), ErrorCode::kUnknownSession);
}

TEST_F(SessionsTest, AnOperatorEndsItWhateverItRuns) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  const auto slow = run("SLOW", in(id));
  end(id, SessionEnd::kKilled);
  ASSERT_TRUE(slow->done());
  EXPECT_EQ(slow->code(), ErrorCode::kCancelled);
  EXPECT_FALSE(alive(id));
  EXPECT_EQ(stats().sessions.ended["killed"], 1);
}

TEST_F(SessionsTest, ADrainLetsAStatementFinishAndTakesNoOther) {
  const auto idle = open();
  const auto busy = open();
  orders().statement("SLOW").always(Answer::ok(10s));
  const auto slow = run("SLOW", in(busy));
  std::optional<Status> removed;
  manager.disconnect("orders", 30s, [&](Status status) { removed = std::move(status); });
  loop.run_posted();
  EXPECT_FALSE(removed);
  loop.advance(10s);
  EXPECT_TRUE(slow->done() && *slow->result);
  loop.run_posted();
  EXPECT_TRUE(removed && *removed);
  EXPECT_EQ(observer.sessions, (std::vector<std::string>{"drained", "drained"}));
}

TEST_F(SessionsTest, ADrainWithoutPatienceCancels) {
  const auto id = open();
  orders().statement("SLOW").always(Answer::never());
  const auto slow = run("SLOW", in(id));
  std::optional<Status> removed;
  manager.disconnect("orders", 1s, [&](Status status) { removed = std::move(status); });
  loop.advance(999ms);
  EXPECT_FALSE(slow->done());
  loop.advance(1ms);
  loop.advance(5s);
  ASSERT_TRUE(slow->done());
  EXPECT_EQ(slow->code(), ErrorCode::kDraining);
  EXPECT_TRUE(removed && *removed);
}

TEST_F(SessionsTest, ABreakerThatOpensEndsAll) {
  const auto id = open();
  manager.control(
      "orders",
      [](Shard& shard) { shard.force_breaker(BreakerState::kForcedOpen, {}, "maintenance"); },
      [](const Status&) {});
  loop.run_posted();
  EXPECT_FALSE(alive(id));
  EXPECT_EQ(observer.sessions, std::vector<std::string>{"breaker"});
}

TEST_F(SessionsTest, WhoWaitsInVainIsToldThatSessionsHaveTheConnections) {
  const auto first = open();
  const auto second = open();
  ASSERT_FALSE(second.empty());
  orders().statement("SLOW").always(Answer::never());
  const auto running = call("SLOW");
  const auto waiting = call("SELECT 1");
  loop.advance(5s);
  ASSERT_TRUE(waiting->done());
  EXPECT_EQ(waiting->code(), ErrorCode::kAcquireTimeout);
  const auto& holders = waiting->result->error().holders;
  ASSERT_EQ(holders.size(), 3U);
  EXPECT_EQ(holders[0].age, 5s);
}

TEST_F(SessionsTest, TheyLeaveAConnectionForOthers) {
  DatabaseOptions options;
  for (const int size : {1, 2, 3}) {
    options.pool.max_size = size;
    start_with(options);
    const auto most = static_cast<std::size_t>(std::max(size - 1, 1));
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < most; ++i) ids.push_back(open());
    EXPECT_FALSE(ids.back().empty()) << size;
    const auto refused = run("SELECT 1", wish(), 100ms);
    loop.advance(100ms);
    ASSERT_TRUE(refused->done());
    EXPECT_TRUE(size == 1 || refused->code() == ErrorCode::kTooManySessions) << size;
    for (const auto& id : ids) end(id);
  }
}

TEST_F(SessionsTest, TheyAreCounted) {
  const auto id = open();
  const auto other = open();
  end(other);
  const auto figures = stats().sessions;
  EXPECT_EQ(figures.open, 1);
  EXPECT_EQ(figures.opened, 2);
  EXPECT_EQ(figures.ended.at("closed"), 1);
  EXPECT_EQ(figures.ended.at("idle"), 0);
}

TEST_F(SessionsTest, AClientThatLeavesWhileOneIsOpenedGetsNone) {
  orders().statement("SELECT 1").next(Answer::never());
  const auto answered = run("SELECT 1", wish());
  answered->handle.cancel();
  loop.advance(1s);
  EXPECT_EQ(stats().sessions.open, 0);
  EXPECT_EQ(stats().pool.used, 0);
}

}  // namespace
}  // namespace sluice::manager
