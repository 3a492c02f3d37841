#include "gateway/verdict.h"

#include <gtest/gtest.h>

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

DatabaseStats open_database() {
  DatabaseStats stats;
  stats.breaker.state = BreakerState::kOpen;
  stats.breaker.in_state_for = seconds(130);
  stats.breaker.explanation = "connection refused; next trial in 4 s";
  return stats;
}

TEST(Verdict, SaysWhatIsTheMatterAndWhy) {
  const Attention open = attention_for(open_database(), {});
  EXPECT_EQ(open.level, Level::kBad);
  EXPECT_EQ(open.words, "circuit open for 2 m 10 s (connection refused)");
  const Attention good;
  const Verdict verdict = verdict_over({{"billing", &good}, {"orders", &open}}, false);
  EXPECT_EQ(verdict.level, Level::kBad);
  EXPECT_EQ(
      verdict.text,
      "1 of 2 databases needs attention: orders: circuit open for 2 m 10 s (connection refused)");
}

TEST(Verdict, AHostIsNoReasonToPanicUnlessItIsThePrimary) {
  DatabaseStats stats;
  HostStats primary;
  primary.host = "a:1";
  primary.role = HostRole::kPrimary;
  primary.up = true;
  HostStats other;
  other.host = "b:2";
  stats.hosts = {primary, other};
  EXPECT_EQ(attention_for(stats, {}).level, Level::kWarning);
  EXPECT_EQ(attention_for(stats, {}).words, "b:2 is down");
  stats.hosts[1].up = true;
  stats.hosts[1].role = HostRole::kReplica;
  EXPECT_EQ(attention_for(stats, {}).level, Level::kGood);
  stats.hosts[1].role = HostRole::kConflict;
  EXPECT_EQ(attention_for(stats, {}).level, Level::kBad);
  stats.hosts = {other};
  EXPECT_EQ(attention_for(stats, {}).words, "none of its hosts takes writes");
}

TEST(Verdict, OfALongExplanationTheLastErrorIsToldAndNoMore) {
  DatabaseStats stats = open_database();
  stats.breaker.explanation =
      "5 connects failed in a row (limit 5): 6 x database_unavailable (last: cannot connect to "
      "app@127.0.0.1:5432/app: Connection refused. Is the server running?); next trial in 4 s";
  EXPECT_EQ(attention_for(stats, {}).words, "circuit open for 2 m 10 s (Connection refused)");
  stats.breaker.explanation = "31 of 40 calls failed in 10 s: 29 x 57P03 (last: starting up)";
  EXPECT_EQ(attention_for(stats, {}).words, "circuit open for 2 m 10 s (starting up)");
  stats.breaker.explanation = std::string(200, 'x');
  EXPECT_EQ(attention_for(stats, {}).words, "circuit open for 2 m 10 s");
}

TEST(Verdict, TheWorstIsNamedFirst) {
  const Attention paused{Level::kWarning, "paused"};
  const Attention open{Level::kBad, "circuit open"};
  const Verdict verdict = verdict_over(
      {{"a", &paused}, {"b", &paused}, {"c", &open}, {"d", &paused}, {"e", &paused}}, false);
  EXPECT_EQ(verdict.text,
            "5 of 5 databases need attention: c: circuit open; a: paused; b: paused; and 2 more");
}

TEST(Verdict, GoodNewsAreShort) {
  const Attention good;
  EXPECT_EQ(verdict_over({}, false).text, "No database is connected yet");
  EXPECT_EQ(verdict_over({{"a", &good}}, false).text, "The database is healthy");
  EXPECT_EQ(verdict_over({{"a", &good}, {"b", &good}, {"c", &good}}, false).text,
            "All 3 databases healthy");
}

TEST(Verdict, DrainingIsSaidBeforeAnythingElse) {
  const Attention good;
  const Verdict verdict = verdict_over({{"a", &good}}, true);
  EXPECT_EQ(verdict.level, Level::kWarning);
  EXPECT_EQ(verdict.text.substr(0, 13), "Shutting down");
}

TEST(Verdict, LongWaitsCountAndShortOnesDoNot) {
  DatabaseStats stats;
  stats.pool.waiting = 3;
  stats.pool.oldest_wait = milliseconds(499);
  EXPECT_EQ(attention_for(stats, {}).level, Level::kGood);
  stats.pool.oldest_wait = milliseconds(500);
  EXPECT_EQ(attention_for(stats, {}).words, "3 waiting for a connection, the first for 0.5 s");
  stats.pool.withheld = true;
  EXPECT_NE(attention_for(stats, {}).words.find("pools.max_connections"), std::string::npos);
}

TEST(Verdict, CallersMistakesAndOurRejectionsAreNotTheDatabasesFailures) {
  Point recent;
  recent.ok = 1;
  recent.bad_request = 100;
  recent.rejected = 100;
  EXPECT_EQ(attention_for({}, recent).level, Level::kGood);
  recent.failed = 1;
  EXPECT_EQ(attention_for({}, recent).words, "50 % of calls fail");
  recent.failed = 0.4F;  // somebody tries something
  EXPECT_EQ(attention_for({}, recent).level, Level::kGood);
}

TEST(Verdict, AnOperatorsHandIsSeen) {
  DatabaseStats stats;
  stats.state = DatabaseState::kPaused;
  EXPECT_EQ(attention_for(stats, {}).words, "paused");
  stats.state = DatabaseState::kActive;
  stats.breaker.state = BreakerState::kForcedOpen;
  stats.breaker.reason = "ann: moving disks";
  EXPECT_EQ(attention_for(stats, {}).words,
            "circuit held open by an operator for 0 s (ann: moving disks)");
  stats.breaker.state = BreakerState::kObserveOnly;
  EXPECT_EQ(attention_for(stats, {}).level, Level::kGood);
}

TEST(Verdict, ADatabaseThatCannotBeConnectedToIsToldBeforeItsBreakerOpens) {
  DatabaseStats stats;
  stats.breaker.connect_failures = 2;
  stats.breaker.explanation =
      "2 connects failed in a row (5 open the breaker), the last: cannot connect to "
      "app@127.0.0.1:5432/app: Connection refused. Is the server running?; none of 3 calls failed";
  const Attention down = attention_for(stats, {});
  EXPECT_EQ(down.level, Level::kBad);
  EXPECT_EQ(down.words, "it cannot be connected to (Connection refused)");
  stats.pool.idle = 1;
  const Attention half = attention_for(stats, {});
  EXPECT_EQ(half.level, Level::kWarning);
  EXPECT_EQ(half.words, "new connections cannot be opened (Connection refused)");
  stats.breaker.connect_failures = 0;
  EXPECT_EQ(attention_for(stats, {}).level, Level::kGood);
}

}  // namespace
}  // namespace sluice::gateway
