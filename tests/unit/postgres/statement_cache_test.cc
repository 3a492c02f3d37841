#include "postgres/statement_cache.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

PreparedPtr prepared(StatementCache& cache, const std::string& sql,
                     std::vector<TypeOid> types = {}) {
  auto statement = std::make_shared<PreparedStatement>();
  statement->sql = sql;
  statement->forced_types = std::move(types);
  statement->name = cache.new_name();
  cache.insert(statement);
  return statement;
}

TEST(WorthKeeping, StatementsThatMayComeAgain) {
  EXPECT_TRUE(worth_keeping("SELECT 1"));
  EXPECT_TRUE(worth_keeping("SELECT 1 /* a comment */"));
  EXPECT_TRUE(worth_keeping("SELECT 'traceparent=''' /* a comment */"));
  EXPECT_FALSE(worth_keeping("SELECT 1\n/*traceparent='00-a-b-01'*/"));
  EXPECT_FALSE(worth_keeping("SELECT 1 /*action='x',traceparent='00-a-b-01'*/"));
  EXPECT_TRUE(worth_keeping(std::string(64 * 1024, ' ')));
  EXPECT_FALSE(worth_keeping(std::string(64 * 1024 + 1, ' ')));
}

TEST(StatementCache, FindsByTextAndForcedTypes) {
  StatementCache cache(10);
  const auto plain = prepared(cache, "a");
  const auto typed = prepared(cache, "a", {20});
  EXPECT_EQ(cache.find("a", {}), plain);
  EXPECT_EQ(cache.find("a", {20}), typed);
  EXPECT_EQ(cache.find("a", {21}), nullptr);
  EXPECT_EQ(cache.find("b", {}), nullptr);
}

TEST(StatementCache, TheLeastRecentlyUsedGoesFirst) {
  StatementCache cache(2);
  const auto a = prepared(cache, "a");
  const auto b = prepared(cache, "b");
  EXPECT_FALSE(cache.has_evicted());
  EXPECT_NE(cache.find("a", {}), nullptr);
  prepared(cache, "c");
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("b", {}), nullptr);
  EXPECT_NE(cache.find("a", {}), nullptr);
  EXPECT_EQ(cache.take_evicted(), std::vector<std::string>{b->name});
  EXPECT_FALSE(cache.has_evicted());
}

TEST(StatementCache, NamesAreNeverUsedTwice) {
  StatementCache cache(1);
  const std::string first = cache.new_name();
  cache.clear();
  EXPECT_NE(cache.new_name(), first);
}

TEST(StatementCache, ErasingEvictsAndClearingForgets) {
  StatementCache cache(3);
  const auto a = prepared(cache, "a");
  prepared(cache, "b");
  cache.erase(*a);
  cache.erase(*a);
  EXPECT_EQ(cache.find("a", {}), nullptr);
  EXPECT_EQ(cache.take_evicted().size(), 1U);
  cache.erase(*cache.find("b", {}));
  cache.clear();
  EXPECT_FALSE(cache.has_evicted()) << "the server has forgotten it";
  EXPECT_EQ(cache.size(), 0U);
}

}  // namespace
}  // namespace sluice::postgres
