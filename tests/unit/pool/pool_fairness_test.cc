// Fair shares: what clients get of a pool while others wait, too.
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

constexpr ClientId kGreedy = 1;
constexpr ClientId kModest = 2;
constexpr ClientId kThird = 3;

class PoolFairness : public PoolBench {
 protected:
  std::vector<Caller*> ask_often(ClientId client, int times) {
    std::vector<Caller*> asked;
    for (int i = 0; i < times; ++i) asked.push_back(&ask_as(client, minutes(10)));
    loop.run_posted();
    return asked;
  }
  static int served(const std::vector<Caller*>& asked) {
    int count = 0;
    for (const Caller* caller : asked) count += caller->served() ? 1 : 0;
    return count;
  }
};

TEST_F(PoolFairness, OneClientAloneMayHaveEverything) {
  options.max_size = 4;
  EXPECT_EQ(served(ask_often(kGreedy, 10)), 4);
}

TEST_F(PoolFairness, ClientsThatWaitTakeTurns) {
  options.max_size = 1;
  Caller& first = borrow();
  const auto greedy = ask_often(kGreedy, 3);
  Caller& modest = ask_as(kModest);
  give_back(first);
  EXPECT_TRUE(greedy[0]->served());
  give_back(*greedy[0]);
  EXPECT_TRUE(modest.served()) << "before the other two, who came earlier";
  give_back(modest);
  EXPECT_TRUE(greedy[1]->served());
  EXPECT_FALSE(greedy[2]->served()) << "first come, first served among one client's callers";
}

TEST_F(PoolFairness, WhileOthersWaitAClientHasAtMostHalf) {
  options.max_size = 4;
  const auto greedy = ask_often(kGreedy, 20);
  ASSERT_EQ(served(greedy), 4);
  const auto modest = ask_often(kModest, 10);
  for (std::size_t i = 0; i < 3; ++i) give_back(*greedy[i]);
  EXPECT_EQ(served(modest), 2) << "not every other one";
  EXPECT_EQ(served(greedy), 2) << "one that it has kept, and one that it is lent now";
}

// Turns alone would not do: who keeps connections long would soon have all of them.
TEST_F(PoolFairness, LongStatementsOfOneClientNeverTakeAll) {
  options.max_size = 4;
  const auto slow = ask_often(kGreedy, 4);
  const auto more = ask_often(kGreedy, 20);
  auto* quick = &ask_as(kModest, minutes(10));
  give_back(*slow[0]);
  give_back(*slow[1]);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(quick->served());
    auto* next = &ask_as(kModest, minutes(10));
    give_back(*quick);
    quick = next;
    ASSERT_LE(served(slow) + served(more), 3);
  }
}

TEST_F(PoolFairness, NothingIsIdleBecauseOfIt) {
  options.max_size = 3;
  const auto greedy = ask_often(kGreedy, 10);
  const auto modest = ask_often(kModest, 10);
  for (std::size_t i = 0; i < 3; ++i) give_back(*greedy[i]);
  EXPECT_EQ(stats().used, 3) << "one each, and the third one is somebody's as well";
}

TEST_F(PoolFairness, NobodyStarves) {
  options.max_size = 2;
  options.max_waiters = 1'000;
  ask_often(kGreedy, 400);
  ask_often(kModest, 40);
  ask_often(kThird, 4);
  std::map<std::size_t, base::TimePoint> got;
  for (int round = 0; round < 500; ++round) {
    for (Caller& caller : callers) caller.lease.release();
    loop.run_posted();
    loop.advance(milliseconds(1));
  }
  const auto last_of = [this](std::size_t first, std::size_t count) {
    base::TimePoint last{};
    for (std::size_t i = first; i < first + count; ++i) {
      EXPECT_EQ(callers[i].answers, 1);
      last = std::max(last, callers[i].at);
    }
    return last - callers.front().at;
  };
  EXPECT_LE(last_of(440, 4), milliseconds(10)) << "four calls, three clients, two connections";
  EXPECT_LE(last_of(400, 40), milliseconds(60));
  EXPECT_LE(last_of(0, 400), milliseconds(250));
}

TEST_F(PoolFairness, WithoutItEverybodyIsServedInOrder) {
  options.max_size = 1;
  options.fair_shares = false;
  Caller& first = borrow();
  const auto greedy = ask_often(kGreedy, 2);
  Caller& modest = ask_as(kModest);
  give_back(first);
  give_back(*greedy[0]);
  EXPECT_TRUE(greedy[1]->served());
  EXPECT_FALSE(modest.served());
}

TEST_F(PoolFairness, CanBeSwitchedWhileCallersWait) {
  options.max_size = 1;
  Caller& first = borrow();
  const auto greedy = ask_often(kGreedy, 2);
  ask_as(kModest);
  options.fair_shares = false;
  pool().configure(options);
  const auto later = ask_often(kThird, 2);
  give_back(first);
  for (int i = 0; i < 10; ++i) {
    for (Caller& caller : callers) caller.lease.release();
    loop.run_posted();
  }
  for (const Caller& caller : callers) EXPECT_EQ(caller.answers, 1);
}

TEST_F(PoolFairness, AFullQueueMakesRoomForAClientWithLess) {
  options.max_size = 1;
  options.max_waiters = 4;
  borrow();
  const auto greedy = ask_often(kGreedy, 4);
  Caller& modest = ask_as(kModest);
  EXPECT_EQ(modest.answers, 0);
  EXPECT_EQ(greedy[3]->code(), ErrorCode::kQueueFull) << "its newest";
  EXPECT_NE(greedy[3]->error->message.find("fewer"), std::string::npos);
  Caller& second = ask_as(kModest);
  EXPECT_EQ(second.answers, 0);
  EXPECT_EQ(greedy[2]->code(), ErrorCode::kQueueFull);
  Caller& third = ask_as(kModest);
  EXPECT_EQ(third.code(), ErrorCode::kQueueFull) << "by now both have half of it";
  EXPECT_EQ(stats().pushed_out, 2);
  EXPECT_EQ(stats().waiting, 4);
}

TEST_F(PoolFairness, WhoHasAnEqualShareTakesNoMoreFromOneWhoHasMore) {
  options.max_size = 1;
  options.max_waiters = 6;
  borrow();
  ask_often(kGreedy, 3);
  ask_often(kThird, 2);
  ask_as(kModest);  // full: 3, 2 and 1, where an equal share is 2
  EXPECT_EQ(ask_as(kThird).code(), ErrorCode::kQueueFull);
  EXPECT_EQ(stats().pushed_out, 0);
  EXPECT_EQ(ask_as(kModest).answers, 0);
  EXPECT_EQ(stats().pushed_out, 1);
}

TEST_F(PoolFairness, WhoMakesRoomMayAskAgain) {
  options.max_size = 1;
  options.max_waiters = 2;
  borrow();
  int answers = 0;
  const auto deadline = base::Deadline::after(loop.now(), seconds(5));
  ask_as(kGreedy);
  pool().acquire(
      deadline,
      [&](const Result<Lease>&) {
        ++answers;
        ask_as(kGreedy);
      },
      nullptr, kGreedy);
  Caller& modest = ask_as(kModest);
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(callers[3].code(), ErrorCode::kQueueFull) << "it has its share";
  EXPECT_EQ(modest.answers, 0);
  EXPECT_EQ(stats().waiting, 2);
}

TEST_F(PoolFairness, ABatchTakesFromAllWhoWait) {
  options.max_size = 1;
  options.pipeline_depth = 4;
  database.shares = [](const Query&) { return true; };
  const Query query{.sql = "short"};
  const Errand errand{query, {}};
  struct NoSink : RowSink {
    void on_columns(const std::vector<Column>&) override {}
    RowVerdict on_row(std::span<const Cell>) override { return RowVerdict::kContinue; }
  } sink;
  Caller& first = borrow();
  const auto run = [&](ClientId client) {
    Caller& caller = callers.emplace_back();
    pool().acquire(
        base::Deadline::after(loop.now(), seconds(5)),
        [&](Result<Lease> lease) {
          caller.lease = std::move(*lease);
          caller.connection().execute(query, {.first_of_batch = caller.lease.first_of_batch()},
                                      sink, [](const Result<Completion>&) {});
        },
        &errand, client);
  };
  for (int i = 0; i < 6; ++i) run(kGreedy);
  for (int i = 0; i < 2; ++i) run(kModest);
  give_back(first);
  std::vector<bool> got;
  for (std::size_t i = 1; i < callers.size(); ++i) got.push_back(callers[i].served());
  EXPECT_EQ(got, (std::vector<bool>{true, true, false, false, false, false, true, true}));
  for (Caller& caller : callers) give_back(caller);
}

}  // namespace
}  // namespace sluice::pool
