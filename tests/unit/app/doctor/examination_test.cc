#include "app/doctor/examination.h"

#include <gtest/gtest.h>

#include "app/client/gateway.h"

namespace sluice::app::doctor {
namespace {

using Level = Finding::Level;

Facts healthy(const std::string& db_id) {
  return {.db_id = db_id,
          .server = "one",
          .version = "15.8",
          .version_number = 150008,
          .max_connections = 100,
          .reserved = 3};
}

Database database(const std::string& db_id, std::int64_t connections) {
  return {.db_id = db_id,
          .target = "",
          .state = "active",
          .breaker = "closed",
          .most_connections = connections};
}

bool has(const std::vector<Finding>& findings, Level level, const std::string& words) {
  for (const Finding& each : findings) {
    if (each.level == level && each.message.find(words) != std::string::npos) return true;
  }
  return false;
}

TEST(Budget, AddsUpThePoolsOfOneServerAndTheReplicas) {
  const std::vector<Database> databases{database("a", 20), database("b", 12)};
  const std::vector<Facts> facts{healthy("a"), healthy("b")};
  const auto fine = examine_budget(databases, facts, 1);
  ASSERT_EQ(fine.size(), 1u);
  EXPECT_EQ(fine[0].message, "32 of 97 connections may be opened (a (20) + b (12))");
  EXPECT_TRUE(has(examine_budget(databases, facts, 3), Level::kWarning,
                  "96 of 97 connections may be opened (a (20) + b (12), in 3 gateways)"));
  EXPECT_TRUE(has(examine_budget(databases, facts, 4), Level::kError, "128 of 97"));
}

TEST(Budget, ServersAreCountedApart) {
  Facts other = healthy("b");
  other.server = "two";
  const auto findings =
      examine_budget({database("a", 60), database("b", 60)}, {healthy("a"), other}, 1);
  EXPECT_EQ(findings.size(), 2u);
  EXPECT_FALSE(has(findings, Level::kError, ""));
}

TEST(Budget, LimitsOfTheRoleAndTheDatabaseCount) {
  Facts facts = healthy("a");
  facts.role_limit = 5;
  facts.database_limit = 30;
  const auto findings = examine_budget({database("a", 20)}, {facts}, 1);
  EXPECT_TRUE(has(findings, Level::kError, "the role's CONNECTION LIMIT is 5"));
  EXPECT_FALSE(has(findings, Level::kError, "the database's"));
}

TEST(Databases, AHealthyOneIsFine) {
  const auto findings = examine_databases({database("a", 1)}, {healthy("a")});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].level, Level::kOk);
  EXPECT_EQ(findings[0].message, "answers, PostgreSQL 15.8");
}

TEST(Databases, EachTroubleIsTold) {
  Facts facts = healthy("a");
  facts.version_number = 130000;
  facts.fsync = false;
  facts.is_encrypted = false;
  facts.is_local = false;
  facts.transaction_age = 1'600'000'000;
  Database paused = database("a", 1);
  paused.state = "paused";
  paused.breaker = "forced_closed";
  const auto findings = examine_databases({paused}, {facts});
  for (const char* words : {"gets no more fixes", "fsync is off", "not encrypted",
                            "sluice resume a", "sluice breaker a auto"}) {
    EXPECT_TRUE(has(findings, Level::kWarning, words)) << words;
  }
  EXPECT_TRUE(has(findings, Level::kError, "VACUUM does not keep up"));
}

TEST(Databases, AWayThatStaysOnTheMachineNeedsNoEncryption) {
  Facts facts = healthy("a");
  facts.is_encrypted = false;
  EXPECT_FALSE(has(examine_databases({}, {facts}), Level::kWarning, "encrypted"));
}

TEST(Reading, TakesAnswersAndFailures) {
  const auto answer = client::Answer::parse(
      R"({"successes":[{"db_id":"a","rows":[{"server":"s","version":"15.8","version_number":150008,)"
      R"("max_connections":100,"reserved":3,"role_limit":-1,"fsync":true}]}],)"
      R"("failures":[{"db_id":"b","error":{"code":"x","detail":"Connection refused"}}]})");
  ASSERT_TRUE(answer);
  const auto facts = read_facts(answer->root());
  ASSERT_EQ(facts.size(), 1u);
  EXPECT_EQ(facts[0].max_connections, 100);
  EXPECT_EQ(facts[0].role_limit, -1);
  EXPECT_TRUE(facts[0].fsync);
  const auto failed = unreachable(answer->root());
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].subject, "b");
  EXPECT_EQ(failed[0].level, Level::kError);
}

}  // namespace
}  // namespace sluice::app::doctor
