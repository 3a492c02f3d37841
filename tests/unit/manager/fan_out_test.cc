#include "manager/fan_out.h"

#include "manager_fixture.h"

namespace sluice::manager {
namespace {

class FanOutTest : public ManagerTest {
 protected:
  FanOutTest() {
    for (const char* name : {"a", "b", "c"}) {
      DatabaseOptions options;
      options.labels["region"] = name == std::string("c") ? "us" : "eu";
      EXPECT_TRUE(*connect({target(name), options, name, true, {}}));
    }
  }

  struct Ended {
    std::string db_id;
    bool success = false;
    ErrorCode code{};
    std::string message;
  };

  std::shared_ptr<FanOutRun> start(std::vector<std::string> ids, int concurrency = 0,
                                   std::optional<base::Deadline> deadline = {}) {
    FanOutRun::Order order;
    order.db_ids = ids;
    order.query.sql = "SELECT 1";
    order.concurrency = concurrency;
    order.deadline = deadline;
    order.started_at = loop.now();
    order.make_sink = [](std::size_t) { return std::make_shared<CountingSink>(); };
    order.leg_done = [this, ids](std::size_t leg, const Result<Completion>& result,
                                 base::Duration) {
      const Error error = result ? Error{} : result.error();
      legs.push_back({ids[leg], result.has_value(), error.code, error.message});
    };
    order.done = [this] { ++done; };
    auto run = std::make_shared<FanOutRun>(manager, loop, std::move(order));
    run->start();
    return run;
  }

  std::vector<Ended> legs;
  int done = 0;
};

TEST_F(FanOutTest, RunsEverywhereAndEndsOnce) {
  start({"a", "b", "c"});
  loop.run_posted();
  EXPECT_EQ(done, 1);
  ASSERT_EQ(legs.size(), 3u);
  for (const Ended& leg : legs) EXPECT_TRUE(leg.success);
}

TEST_F(FanOutTest, AnUnknownDatabaseIsAFailedLeg) {
  start({"a", "nothing"});
  loop.run_posted();
  EXPECT_EQ(done, 1);
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[0].db_id, "nothing");
  EXPECT_EQ(legs[0].code, ErrorCode::kUnknownDatabase);
  EXPECT_TRUE(legs[1].success);
}

TEST_F(FanOutTest, NothingToDoIsDoneAtOnce) {
  start({});
  EXPECT_EQ(done, 1);
}

TEST_F(FanOutTest, KeepsToItsConcurrency) {
  factory.database("a").statement("SELECT 1").always(Answer::never());
  start({"a", "b", "c"}, 1);
  loop.run_posted();
  EXPECT_EQ(factory.database("b").log().size(), 0u);
  factory.database("a").statement("SELECT 1").answer_oldest(Answer::ok());
  loop.run_posted();
  EXPECT_EQ(done, 1);
  ASSERT_EQ(legs.size(), 3u);
  EXPECT_EQ(legs[0].db_id, "a");
  EXPECT_EQ(legs[2].db_id, "c");
}

TEST_F(FanOutTest, TheDeadlineOfTheWholeEndsLateLegs) {
  factory.database("b").statement("SELECT 1").always(Answer::never());
  start({"a", "b"}, 0, base::Deadline::after(loop.now(), 1s));
  loop.advance(899ms);
  EXPECT_EQ(legs.size(), 1u);
  EXPECT_EQ(done, 0);
  loop.advance(101ms);
  EXPECT_EQ(done, 1);
  ASSERT_EQ(legs.size(), 2u);
  EXPECT_EQ(legs[1].code, ErrorCode::kQueryTimeout);
  EXPECT_NE(legs[1].message.find("raise deadline_ms,"), std::string::npos) << legs[1].message;
}

TEST_F(FanOutTest, ALegWhoseOwnTimeIsOverIsToldThat) {
  factory.database("a").statement("SELECT 1").always(Answer::never());
  start({"a"}, 0, base::Deadline::after(loop.now(), 31s));
  loop.advance(30s);
  ASSERT_EQ(legs.size(), 1u);
  EXPECT_NE(legs[0].message.find("raise timeout_ms,"), std::string::npos) << legs[0].message;
}

TEST_F(FanOutTest, CancelEndsEveryLeg) {
  for (const char* name : {"a", "b", "c"}) {
    factory.database(name).statement("SELECT 1").always(Answer::never());
  }
  const auto run = start({"a", "b", "c"}, 2);
  loop.run_posted();
  run->cancel();
  loop.run_posted();
  EXPECT_EQ(done, 1);
  ASSERT_EQ(legs.size(), 3u);
  for (const Ended& leg : legs) EXPECT_EQ(leg.code, ErrorCode::kCancelled);
  EXPECT_EQ(factory.database("c").log().size(), 0u);
}

TEST_F(FanOutTest, TargetsAreExactlyOneOfThree) {
  FanOutTargets none;
  EXPECT_FALSE(resolve_targets(none, manager).has_value());
  FanOutTargets two;
  two.all = true;
  two.db_ids = {"a"};
  EXPECT_FALSE(resolve_targets(two, manager).has_value());
  FanOutTargets europe;
  europe.selector = {{"region", "eu"}};
  EXPECT_EQ(resolve_targets(europe, manager).value(), (std::vector<std::string>{"a", "b"}));
  FanOutTargets all;
  all.all = true;
  EXPECT_EQ(resolve_targets(all, manager).value(), (std::vector<std::string>{"a", "b", "c"}));
  FanOutTargets nobody;
  nobody.selector = {{"region", "mars"}};
  EXPECT_TRUE(resolve_targets(nobody, manager).value().empty());
}

}  // namespace
}  // namespace sluice::manager
