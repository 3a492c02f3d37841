#include "gateway/result_cache.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/simulated_loop.h"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;

manager::DatabasePointer database(std::string db_id) {
  auto made = std::make_shared<manager::Database>();
  made->db_id = std::move(db_id);
  return made;
}

class ResultCacheTest : public ::testing::Test {
 protected:
  ResultCache::Begun begin(const std::string& key, std::chrono::milliseconds ttl = 1s) {
    const auto number = static_cast<int>(told.size());
    told.emplace_back();
    return cache.begin({security::digest_of(key), orders, ttl}, loop.now(),
                       {&loop,
                        [this, number](const Result<KeptResult>& result) {
                          told[number] += result ? *result->text : "error";
                        },
                        [this, number] { told[number] += "lead"; }});
  }
  void finish(const ResultCache::Begun& begun, std::string_view text) {
    cache.finish(begun.flight, text, loop.now());
    loop.run_posted();
  }
  void fail_with(const ResultCache::Begun& begun, ErrorCode code) {
    cache.finish(begun.flight, fail(Error{.code = code}), loop.now());
    loop.run_posted();
  }
  /// Makes a result.
  void make(const std::string& key, std::string_view text, std::chrono::milliseconds ttl = 1s) {
    const auto begun = begin(key, ttl);
    ASSERT_TRUE(begun.flight && begun.follower == 0) << key;
    finish(begun, text);
  }
  std::string kept(const std::string& key, std::chrono::milliseconds ttl = 1s) {
    const auto begun = begin(key, ttl);
    if (begun.kept) return *begun.kept->text;
    if (begun.follower == 0) fail_with(begun, ErrorCode::kSqlError);
    return begun.stale ? "stale" : "nothing";
  }
  [[nodiscard]] std::int64_t bytes() const { return cache.facts().bytes; }

  testing::SimulatedLoop loop;
  manager::DatabasePointer orders = database("orders");
  ResultCache cache{100'000};
  std::vector<std::string> told;
};

TEST_F(ResultCacheTest, KeepsAResultForItsTime) {
  make("q", "rows", 100ms);
  EXPECT_EQ(kept("q", 100ms), "rows");
  loop.advance(99ms);
  EXPECT_EQ(kept("q", 100ms), "rows");
  loop.advance(1ms);
  EXPECT_EQ(kept("q", 100ms), "nothing");
  EXPECT_EQ(bytes(), 0);
}

TEST_F(ResultCacheTest, GivesNobodyWhatIsTooOldForThem) {
  make("q", "rows", 10s);
  loop.advance(2s);
  EXPECT_EQ(kept("q", 2001ms), "rows");
  EXPECT_EQ(kept("q", 2000ms), "stale");
  EXPECT_EQ(kept("q", 1s), "stale");
  EXPECT_EQ(kept("q", 10s), "rows") << "it is still there for the others";
  make("q", "newer", 1s);
  EXPECT_EQ(kept("q", 10s), "newer");
  loop.advance(1s);
  EXPECT_EQ(kept("q", 10s), "nothing") << "as long as whoever made it last has said";
}

TEST_F(ResultCacheTest, KeepsKeysAndDatabasesApart) {
  make("q", "rows");
  EXPECT_EQ(kept("p"), "nothing");
  orders = database("orders");  // as after a change of its settings
  EXPECT_EQ(kept("q"), "nothing");
  EXPECT_EQ(bytes(), 0);
}

TEST_F(ResultCacheTest, OneRunsWhatSeveralWantAtOnce) {
  const auto leader = begin("q");
  const auto second = begin("q"), third = begin("q");
  EXPECT_EQ(leader.follower, 0U);
  EXPECT_NE(second.follower, 0U);
  EXPECT_NE(second.follower, third.follower);
  cache.finish(leader.flight, std::string_view("rows"), loop.now());
  EXPECT_EQ(told[1], "") << "on their own loops, not from inside the call";
  loop.run_posted();
  EXPECT_EQ(told, (std::vector<std::string>{"", "rows", "rows"}));
  EXPECT_EQ(cache.facts().misses, 1);
  EXPECT_EQ(cache.facts().shared, 2);
  EXPECT_EQ(kept("q"), "rows");
  EXPECT_EQ(cache.facts().hits, 1);
}

TEST_F(ResultCacheTest, NobodyFollowsWhatBeganBeforeTheDatabaseWasAnother) {
  const auto before = begin("q");
  orders = database("orders");
  const auto after = begin("q");
  EXPECT_EQ(after.follower, 0U);
  finish(before, "old");
  EXPECT_EQ(told, (std::vector<std::string>{"", ""}));
  finish(after, "new");
  EXPECT_EQ(kept("q"), "new");
}

TEST_F(ResultCacheTest, AMistakeIsEverybodysAndIsNotKept) {
  const auto leader = begin("q");
  (void)begin("q");
  fail_with(leader, ErrorCode::kSqlError);
  EXPECT_EQ(told[1], "error");
  EXPECT_EQ(kept("q"), "nothing");
}

TEST_F(ResultCacheTest, AFollowerTakesOverFromALeaderWhoFailsAlone) {
  for (const ErrorCode code :
       {ErrorCode::kQueryTimeout, ErrorCode::kCancelled, ErrorCode::kBreakerOpen}) {
    told.clear();
    const auto leader = begin("q");
    const auto second = begin("q");
    (void)begin("q");
    fail_with(leader, code);
    EXPECT_EQ(told, (std::vector<std::string>{"", "lead", ""}));
    fail_with(second, code);
    EXPECT_EQ(told[2], "lead");
    (void)begin("q");
    finish(second, "rows");
    EXPECT_EQ(told[3], "rows");
    cache.forget("orders");
  }
}

TEST_F(ResultCacheTest, WhoLeavesTakesTheQueryAlongOnlyWhenNobodyElseWantsIt) {
  int cancelled = 0;
  const auto leader = begin("q");
  const auto second = begin("q"), third = begin("q");
  cache.leading(leader.flight, [&cancelled] { ++cancelled; });
  cache.leave(leader.flight, 0);
  cache.leave(second.flight, second.follower);
  EXPECT_EQ(cancelled, 0);
  finish(leader, "rows");
  EXPECT_EQ(told, (std::vector<std::string>{"", "", "rows"}));
  cache.leave(third.flight, third.follower);
  EXPECT_EQ(cancelled, 0) << "it is over";
}

TEST_F(ResultCacheTest, TheLastOneToLeaveCancels) {
  int cancelled = 0;
  const auto leader = begin("q");
  const auto second = begin("q");
  cache.leading(leader.flight, [&cancelled] { ++cancelled; });
  cache.leave(leader.flight, 0);
  cache.leave(second.flight, second.follower);
  cache.leave(second.flight, second.follower);
  EXPECT_EQ(cancelled, 1);
  const auto next = begin("q");
  EXPECT_EQ(next.follower, 0U) << "nobody follows a query that was given up";
  fail_with(leader, ErrorCode::kCancelled);
  finish(next, "rows");
  EXPECT_EQ(told, (std::vector<std::string>{"", "", ""}));
  EXPECT_EQ(kept("q"), "rows");
}

TEST_F(ResultCacheTest, ForgetsADatabaseAndWhatIsBeingMadeThere) {
  make("q", "old");
  const auto running = begin("p");
  const auto follower = begin("p");
  EXPECT_NE(follower.follower, 0U);
  cache.forget("others");
  EXPECT_EQ(kept("q"), "old");
  cache.forget("orders");
  EXPECT_EQ(kept("q"), "nothing");
  const auto anew = begin("p");
  EXPECT_EQ(anew.follower, 0U) << "what began before is not for those who come after";
  finish(running, "old");
  EXPECT_EQ(told[2], "old") << "but those who came before get it";
  EXPECT_EQ(bytes(), 0);
  finish(anew, "new");
  EXPECT_EQ(kept("p"), "new");
}

TEST_F(ResultCacheTest, TheMemoryIsBoundedAndThoseThatEndFirstGo) {
  const std::string text(4'000, 'x');
  for (int i = 0; i < 100; ++i) {
    make("q" + std::to_string(i), text,
         std::chrono::milliseconds(i % 2 == 0 ? 1'000 + i : 9'000 + i));
    ASSERT_LE(bytes(), 100'000);
  }
  EXPECT_EQ(kept("q99", 10s), text);
  EXPECT_EQ(kept("q98", 10s), "nothing");
  EXPECT_EQ(cache.facts().entries, 100'000 / (4'000 + 384));
  EXPECT_EQ(bytes(), cache.facts().entries * (4'000 + 384));
}

TEST_F(ResultCacheTest, OneResultMayNotTakeMuchOfIt) {
  make("fits", std::string(100'000 / 16 - 384, 'x'));
  make("too large", std::string(100'000 / 16 - 383, 'x'));
  EXPECT_NE(kept("fits"), "nothing");
  EXPECT_EQ(kept("too large"), "nothing");
}

TEST_F(ResultCacheTest, WithoutMemoryThereIsStillOneWhoRuns) {
  ResultCache none(0);
  const ResultCache::Wish wish{security::digest_of("q"), orders, 1s};
  const auto leader = none.begin(wish, loop.now(), {&loop, nullptr, nullptr});
  std::string told_text;
  const auto follower = none.begin(
      wish, loop.now(),
      {&loop, [&](const Result<KeptResult>& result) { told_text = *result->text; }, nullptr});
  EXPECT_NE(follower.follower, 0U);
  none.finish(leader.flight, std::string_view("rows"), loop.now());
  loop.run_posted();
  EXPECT_EQ(told_text, "rows");
  EXPECT_EQ(none.facts().entries, 0);
}

}  // namespace
}  // namespace sluice::gateway
