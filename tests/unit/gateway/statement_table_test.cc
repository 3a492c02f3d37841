#include "gateway/statement_table.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using namespace std::chrono_literals;

const base::TimePoint kNow{1h};

void run(StatementTable& table, const std::string& sql, const StatementRun& run,
         const std::string& db_id = "orders") {
  table.record(table.find(db_id, sql), run);
}

TEST(StatementTable, AddsUpTheCallsOfAStatement) {
  StatementTable table;
  run(table, "SELECT 1", {false, 3, 10ms, kNow});
  run(table, "SELECT 1", {true, 0, 30ms, kNow + 1s});
  const auto figures = table.figures();
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(figures[0].db_id, "orders");
  EXPECT_EQ(figures[0].sql, "SELECT ?");
  EXPECT_EQ(figures[0].calls, 2);
  EXPECT_EQ(figures[0].errors, 1);
  EXPECT_EQ(figures[0].rows, 3);
  EXPECT_EQ(figures[0].total, 40ms);
  EXPECT_EQ(figures[0].max, 30ms);
  EXPECT_EQ(figures[0].last_used, kNow + 1s);
}

TEST(StatementTable, StatementsThatLookTheSameAreOneAndDatabasesAreTwo) {
  StatementTable table;
  run(table, "SELECT * FROM t WHERE id = 1", {});
  run(table, "SELECT  * FROM t WHERE id = 2 -- with a comment", {});
  run(table, "SELECT * FROM t WHERE id = 1", {}, "users");
  EXPECT_EQ(table.figures().size(), 2u);
}

TEST(StatementTable, AStatementThatWasNeverRunIsNotShown) {
  StatementTable table;
  EXPECT_EQ(table.find("orders", "SELECT 1"), table.find("orders", "SELECT 2"));
  EXPECT_TRUE(table.figures().empty());
}

TEST(StatementTable, AFloodOfNewStatementsLeavesTheValuableOnes) {
  StatementTable table(100);
  for (int i = 0; i < 1'000; ++i) run(table, "SELECT busy", {false, 1, 1ms, kNow});
  run(table, "SELECT slow", {false, 1, 5s, kNow});
  for (int i = 0; i < 1'000; ++i) {
    run(table, "SELECT once_" + std::to_string(i), {false, 1, 1ms, kNow});
    EXPECT_LE(table.figures().size(), 100u);
  }
  std::int64_t busy = 0;
  std::int64_t slow = 0;
  for (const auto& figures : table.figures()) {
    if (figures.sql == "SELECT busy") busy = figures.calls;
    if (figures.sql == "SELECT slow") slow = figures.calls;
  }
  EXPECT_EQ(busy, 1'000);
  EXPECT_EQ(slow, 1);
}

TEST(StatementTable, WhatWasValuableLongAgoGoesInTheEnd) {
  StatementTable table(8);
  run(table, "SELECT old", {false, 1, 1s, kNow});
  for (int i = 0; i < 400; ++i)
    run(table, "SELECT new_" + std::to_string(i), {false, 1, 1ms, kNow});
  for (const auto& figures : table.figures()) EXPECT_NE(figures.sql, "SELECT old");
}

TEST(StatementTable, ARunOfAForgottenStatementIsDropped) {
  StatementTable table(4);
  const auto forgotten = table.find("orders", "SELECT first");
  for (int i = 0; i < 40; ++i) run(table, "SELECT t_" + std::to_string(i), {false, 1, 9ms, kNow});
  EXPECT_EQ(table.record(forgotten, {}), nullptr);
}

}  // namespace
}  // namespace sluice::gateway
