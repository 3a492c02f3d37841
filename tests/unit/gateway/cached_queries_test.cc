#include "gateway/cached_queries.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "unit/manager/manager_fixture.h"

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;
using How = CacheUse::How;
using testing::Answer;

class CachedQueriesTest : public manager::ManagerTest {
 protected:
  CachedQueriesTest() {
    register_orders();
    orders().executes.always(Answer::never());
  }
  ~CachedQueriesTest() override { close(); }

  struct Asked {
    std::optional<Result<QueryAnswer>> answer;
    std::function<void()> leave;
    [[nodiscard]] std::string body() const {
      return answer && *answer ? (*answer)->body : answer ? "error" : "nothing";
    }
    [[nodiscard]] How how() const { return answer->value().cache->how; }
  };

  QueryService::Order order(const std::string& sql = "SELECT 1") {
    json::QueryRequest request;
    request.query.sql = sql;
    request.query.read_only = true;
    request.cache_ttl = 10s;
    return {"orders", std::move(request), loop, loop.now()};
  }
  std::shared_ptr<Asked> ask(QueryService::Order order, std::string_view role = "query") {
    auto asked = std::make_shared<Asked>();
    asked->leave = queries.run(std::move(order), role, [asked](Result<QueryAnswer> answer) {
      EXPECT_FALSE(asked->answer) << "answered twice";
      asked->answer = std::move(answer);
    });
    loop.run_posted();
    return asked;
  }
  void answer_with(const std::string& value) {
    orders().executes.answer_oldest(Answer::with_rows({"v"}, {{value}}));
    loop.run_posted();
  }
  [[nodiscard]] int runs() { return orders().executes.waiting(); }

  InFlight in_flight{{}};
  QueryWatch watch{{&loop}, [](const SlowQuery&) {}};
  QueryService plain{manager, watch, in_flight};
  ResultCache cache{10'000'000};
  CachedQueries queries{manager, plain, cache, in_flight};
};

TEST_F(CachedQueriesTest, TheSameQueryIsAnsweredFromMemory) {
  const auto first = ask(order());
  answer_with("one");
  EXPECT_EQ(first->how(), How::kMiss);
  EXPECT_NE(first->body().find(R"("rows":[{"v":"one"}])"), std::string::npos) << first->body();
  loop.advance(3s);
  const auto again = ask(order());
  EXPECT_EQ(again->how(), How::kHit);
  const std::size_t stable = (*first->answer)->stable_bytes;
  EXPECT_EQ((*again->answer)->stable_bytes, stable);
  EXPECT_EQ(again->body(),
            first->body().substr(0, stable) + R"(,"elapsed_ms":0,"cached":true,"age_ms":3000})");
  EXPECT_EQ((*again->answer)->cache->ttl, 7s);
  EXPECT_EQ(runs(), 0);
}

TEST_F(CachedQueriesTest, WhateverChangesTheResultIsAnotherQuery) {
  (void)ask(order());
  std::vector<QueryService::Order> others;
  const auto add = [&](auto change) {
    others.push_back(order());
    change(others.back().request);
  };
  add([](auto& request) { request.query.sql = "SELECT 2"; });
  add([](auto& request) { request.query.params = {"1"}; });
  add([](auto& request) { request.query.params = {1}; });
  add([](auto& request) { request.query.params = {nullptr}; });
  add([](auto& request) { request.query.params = {"1", "2"}; });
  add([](auto& request) {
    request.query.params = {
        "1"
        "2"};
  });
  add([](auto& request) {
    request.query.params = {"1"};
    request.query.params[0].type = "int8";
  });
  add([](auto& request) { request.query.max_rows = 0; });
  add([](auto& request) { request.query.timeout = 5s; });
  add([](auto& request) { request.query.route = Route::kAny; });
  add([](auto& request) {
    request.format = json::ResultFormat{json::ResultFormat::Rows::kArrays};
  });
  add([](auto& request) { request.format = json::ResultFormat{.numbers_as_strings = true}; });
  add([](auto& request) { request.format = json::ResultFormat{.bytes_as_base64 = true}; });
  for (auto& other : others) (void)ask(std::move(other));
  (void)ask(order(), "admin");
  EXPECT_EQ(cache.facts().misses, static_cast<std::int64_t>(others.size()) + 2);
  EXPECT_EQ(cache.facts().shared, 0);
  (void)ask(order());
  EXPECT_EQ(cache.facts().shared, 1);
}

TEST_F(CachedQueriesTest, AFollowerIsAnsweredThoughTheLeadersClientLeaves) {
  const auto leader = ask(order());
  const auto follower = ask(order());
  EXPECT_EQ(runs(), 1);
  leader->leave();
  loop.run_posted();
  answer_with("one");
  EXPECT_EQ(follower->how(), How::kShared);
  EXPECT_NE(follower->body().find("one"), std::string::npos);
}

TEST_F(CachedQueriesTest, WhenAllHaveLeftTheStatementIsCancelled) {
  const auto leader = ask(order());
  const auto follower = ask(order());
  follower->leave();
  leader->leave();
  loop.run_posted();
  EXPECT_EQ(orders().cancels.calls(), 1);
}

TEST_F(CachedQueriesTest, AFollowerRunsItWhenTheLeadersTimeIsOver) {
  const auto leader = ask(order());
  loop.advance(29s);
  const auto follower = ask(order());
  loop.advance(1s);
  ASSERT_TRUE(leader->answer && !*leader->answer);
  EXPECT_EQ(leader->answer->error().code, ErrorCode::kQueryTimeout);
  EXPECT_FALSE(follower->answer) << "its own time is not over";
  orders().executes.answer_newest(Answer::with_rows({"v"}, {{"two"}}));
  loop.run_posted();
  EXPECT_NE(follower->body().find("two"), std::string::npos) << follower->body();
}

TEST_F(CachedQueriesTest, WhoLeavesWhileTakingOverHandsOn) {
  const auto leader = ask(order());
  const auto second = ask(order()), third = ask(order());
  orders().executes.answer_oldest(
      Answer::fails({.code = ErrorCode::kCancelled, .fault = Fault::kCaller}));
  second->leave();
  loop.run_posted();
  ASSERT_TRUE(leader->answer);
  EXPECT_EQ(runs(), 1);
  answer_with("three");
  EXPECT_NE(third->body().find("three"), std::string::npos);
  EXPECT_FALSE(second->answer);
}

TEST_F(CachedQueriesTest, AnotherSettingOfTheDatabaseIsAnotherResult) {
  (void)ask(order());
  answer_with("one");
  DatabaseOptions changed;
  changed.session.search_path = "elsewhere";
  manager.configure("orders", changed, [](Status) {});
  loop.run_posted();
  (void)ask(order());
  EXPECT_EQ(cache.facts().misses, 2);
}

TEST_F(CachedQueriesTest, ErrorsAreNotKept) {
  const auto first = ask(order());
  orders().executes.answer_oldest(Answer::fails(testing::sql_error("42703", "no such column")));
  loop.run_posted();
  EXPECT_EQ(first->body(), "error");
  (void)ask(order());
  EXPECT_EQ(runs(), 1);
  auto unknown = order();
  unknown.db_id = "nowhere";
  EXPECT_EQ(ask(std::move(unknown))->answer->error().code, ErrorCode::kUnknownDatabase);
}

TEST_F(CachedQueriesTest, LargeResultsAreChargedWhileTheyWaitToBeSent) {
  (void)ask(order());
  answer_with(std::string(50'000, 'x'));
  EXPECT_EQ(in_flight.bytes(), 0) << "too small to count";
  (void)ask(order("SELECT 2"));
  answer_with(std::string(100'000, 'x'));
  const auto again = ask(order("SELECT 2"));
  const auto charged = again->answer->value().charge.bytes();
  EXPECT_GT(charged, 100'000);
  const auto before = in_flight.bytes();
  const auto other = ask(order("SELECT 2"));
  EXPECT_EQ(in_flight.bytes(), before + charged) << "each waits to be sent by itself";
}

TEST_F(CachedQueriesTest, WhatDoesNotFitBesideTheOthersIsRefused) {
  (void)ask(order());
  answer_with(std::string(100'000, 'x'));
  InFlight tight({.bytes = 50'000});
  CachedQueries narrow(manager, plain, cache, tight);
  std::optional<Result<QueryAnswer>> answer;
  narrow.run(order(), "query", [&answer](Result<QueryAnswer> given) { answer = std::move(given); });
  ASSERT_TRUE(answer && !*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kOverloaded);
}

}  // namespace
}  // namespace sluice::gateway
