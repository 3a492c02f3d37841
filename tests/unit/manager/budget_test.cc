#include "manager/budget.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "manager_fixture.h"

namespace sluice::manager {
namespace {

/// Databases a, b, c, … under one limit of connections.
class BudgetTest : public ::testing::Test {
 protected:
  explicit BudgetTest(Budget::Limits limits = {.total = 3, .per_server = 0})
      : manager({.loops = {&loop},
                 .connectors = factory,
                 .observer = observer,
                 .seed = 7,
                 .clock = [this] { return loop.now(); },
                 .connections = limits}) {}
  ~BudgetTest() override {
    bool closed = false;
    manager.close(0s, [&closed] { closed = true; });
    loop.advance(10s);
    EXPECT_TRUE(closed);
    EXPECT_EQ(manager.connections().taken, 0);
    EXPECT_EQ(manager.connections().waiting, 0);
  }

  void add(const std::string& name, const DatabaseOptions& options = {}, std::uint16_t port = 1) {
    Target target;
    target.database = name;
    target.user = "app";
    target.port = port;
    manager.connect({target, options, name, false, [](const Result<Connected>&) {}});
    loop.run_posted();
  }
  /// A statement that runs until its connection is lost.
  void occupy(const std::string& name) {
    factory.database(name).statement("SLOW").always(Answer::never());
    start(name, "SLOW");
  }
  void start(const std::string& name, const std::string& sql = "SELECT 1") {
    Call call;
    call.db_id = name;
    call.query.sql = sql;
    call.reply_to = &loop;
    call.done = [this, name](Result<Completion> result) {
      result ? ++answered[name] : ++failed[name];
      if (!result) last_error = result.error().message;
    };
    manager.execute(std::move(call));
    loop.run_posted();
    check();
  }
  int live(const std::string& name) { return factory.database(name).live(); }
  void check() {
    int all = 0;
    for (const char* name : {"a", "b", "c", "d"}) {
      all += live(name) + factory.database(name).connecting();
    }
    EXPECT_LE(all, manager.connections().limit);
  }
  void advance(std::chrono::milliseconds span) {
    for (auto left = span; left.count() > 0; left -= 10ms) {
      loop.advance(10ms);
      check();
    }
  }

  testing::SimulatedLoop loop;
  testing::FakeConnectorFactory factory;
  RecordingObserver observer;
  Manager manager;
  std::map<std::string, int> answered;
  std::map<std::string, int> failed;
  std::string last_error;
};

TEST_F(BudgetTest, IsNeverExceeded) {
  add("a");
  for (int i = 0; i < 5; ++i) occupy("a");
  EXPECT_EQ(live("a"), 3);
  EXPECT_EQ(manager.connections().taken, 3);
}

TEST_F(BudgetTest, WhatLiesIdleInAQuietDatabaseIsGivenUpFirst) {
  for (const char* name : {"a", "b", "c", "d"}) add(name);
  for (const char* name : {"a", "b", "c"}) {
    start(name);
    advance(100ms);
  }
  advance(1'000ms);
  start("b");  // a is the quietest now, then c
  start("d");
  advance(100ms);
  EXPECT_EQ(answered["d"], 1);
  EXPECT_EQ(live("a"), 0);
  EXPECT_EQ(live("b") + live("c"), 2);
}

TEST_F(BudgetTest, WhoHasMostGivesOneUpWhenItIsFree) {
  add("a");
  add("b");
  for (int i = 0; i < 3; ++i) occupy("a");
  start("b");
  advance(200ms);
  EXPECT_EQ(answered["b"], 0);
  factory.database("a").connections().front()->lose();
  advance(200ms);
  EXPECT_EQ(answered["b"], 1);
  EXPECT_EQ(failed["a"], 1);
}

TEST_F(BudgetTest, StarvesNobodyAmongMoreBusyDatabasesThanConnections) {
  const char* const names[] = {"a", "b", "c", "d"};
  for (const char* name : names) {
    add(name);
    factory.database(name).statement("SELECT 1").always(Answer::ok(20ms));
  }
  for (int turn = 0; turn < 200; ++turn) {
    for (const char* name : names) start(name);
    advance(10ms);
  }
  advance(3'000ms);
  for (const char* name : names) {
    EXPECT_GT(answered[name], 150) << name << ": " << last_error;
  }
}

TEST_F(BudgetTest, ACallerThatWaitsInVainIsToldWhy) {
  add("a");
  add("b");
  for (int i = 0; i < 3; ++i) occupy("a");
  start("b");
  EXPECT_TRUE(manager.connections().waiting == 1);
  advance(5'000ms);
  EXPECT_EQ(failed["b"], 1);
  EXPECT_NE(last_error.find("pools.max_connections"), std::string::npos) << last_error;
  advance(200ms);
  EXPECT_EQ(manager.connections().waiting, 0);
}

TEST_F(BudgetTest, ATrialNeedsLeaveAsWell) {
  add("a");
  for (int i = 0; i < 3; ++i) occupy("a");
  Target target;
  target.database = "b";
  target.user = "app";
  std::optional<Result<Connected>> connected;
  manager.connect({target, {}, "b", true, [&connected](Result<Connected> result) {
                     connected = std::move(result);
                   }});
  advance(1'000ms);
  EXPECT_FALSE(connected.has_value());
  factory.database("a").connections().front()->lose();
  advance(300ms);
  ASSERT_TRUE(connected && *connected);
}

class ServerBudgetTest : public BudgetTest {
 protected:
  ServerBudgetTest() : BudgetTest({.total = 10, .per_server = 2}) {}
};

TEST_F(ServerBudgetTest, HoldsForAllDatabasesOfOneServer) {
  add("a", {}, 1);
  add("b", {}, 1);
  add("c", {}, 2);
  occupy("a");
  occupy("a");
  start("b");
  start("c");
  EXPECT_EQ(answered["c"], 1);
  EXPECT_EQ(answered["b"], 0);
  factory.database("a").connections().front()->lose();
  advance(200ms);
  EXPECT_EQ(answered["b"], 1);
}

}  // namespace
}  // namespace sluice::manager
