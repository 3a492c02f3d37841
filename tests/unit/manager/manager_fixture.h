#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "manager/manager.h"
#include "support/fake_connection.h"
#include "support/simulated_loop.h"

namespace sluice::manager {

using namespace std::chrono_literals;
using testing::Answer;

/// Remembers what the manager tells.
class RecordingObserver : public Observer {
 public:
  void on_breaker_transition(const BreakerTransition& transition) override {
    transitions.push_back(transition);
  }
  void on_database(std::string_view db_id, std::string_view what) override {
    databases.push_back(std::string(db_id) + " " + std::string(what));
  }

  void on_host(const HostEvent& event) override { hosts.push_back(event.host + " " + event.what); }
  void on_session_ended(const SessionEvent& event) override { sessions.push_back(event.reason); }

  std::vector<BreakerTransition> transitions;
  std::vector<std::string> databases;
  std::vector<std::string> hosts;
  std::vector<std::string> sessions;
};

/// Counts rows.
class CountingSink : public RowSink {
 public:
  void on_columns(const std::vector<Column>& given) override { columns = given; }
  RowVerdict on_row(std::span<const Cell>) override {
    ++rows;
    return RowVerdict::kContinue;
  }

  std::vector<Column> columns;
  int rows = 0;
};

/// A manager on one simulated loop, over scripted databases.
class ManagerTest : public ::testing::Test {
 protected:
  ManagerTest() : manager({{&loop}, factory, observer, 7, [this] { return loop.now(); }}) {}

  ~ManagerTest() override { close(); }

  /// Ends what is under way. Tests with further members, to which calls come back, do it first.
  void close() {
    bool closed = false;
    manager.close(0s, [&closed] { closed = true; });
    loop.advance(10s);
    EXPECT_TRUE(closed);
  }

  static Target target(const std::string& database = "orders") {
    Target target;
    target.database = database;
    target.user = "app";
    target.password = Secret("right");
    return target;
  }

  std::optional<Result<Connected>> connect(const ConnectCall& given) {
    std::optional<Result<Connected>> result;
    ConnectCall call = given;
    call.done = [&result](Result<Connected> connected) { result = std::move(connected); };
    manager.connect(std::move(call));
    loop.run_posted();
    return result;
  }

  /// Registers the database "orders" and forgets its trial.
  void register_orders(const DatabaseOptions& options = {}) {
    const auto connected = connect({target(), options, "orders", true, {}});
    ASSERT_TRUE(connected && *connected) << (connected ? connected->error().message : "no answer");
  }

  struct Answered {
    std::optional<Result<Completion>> result;
    CallHandle handle;
    std::shared_ptr<CountingSink> sink = std::make_shared<CountingSink>();
    base::TimePoint at{};

    [[nodiscard]] bool done() const { return result.has_value(); }
    [[nodiscard]] ErrorCode code() const { return result.value().error().code; }
  };

  /// Starts a call; the answer comes when the loop turns.
  std::shared_ptr<Answered> call(const std::string& sql,
                                 std::optional<std::chrono::milliseconds> timeout = {},
                                 const std::string& db_id = "orders") {
    return start(db_id, {.sql = sql, .timeout = timeout});
  }
  std::shared_ptr<Answered> start(const std::string& db_id, Query query) {
    Call call;
    call.db_id = db_id;
    call.query = std::move(query);
    return start(std::move(call));
  }
  /// Without a sink of its own, its rows are counted.
  std::shared_ptr<Answered> start(Call call) {
    auto answered = std::make_shared<Answered>();
    if (!call.sink) call.sink = answered->sink;
    call.reply_to = &loop;
    call.done = [this, answered](Result<Completion> result) {
      EXPECT_FALSE(answered->result.has_value()) << "answered twice";
      answered->result = std::move(result);
      answered->at = loop.now();
    };
    answered->handle = manager.execute(std::move(call));
    return answered;
  }

  DatabaseStats stats(const std::string& db_id = "orders") {
    DatabaseStats stats;
    manager.stats({manager.find(db_id, nullptr)}, &loop,
                  [&stats](std::vector<DatabaseStats> all) { stats = std::move(all.front()); });
    loop.run_posted();
    return stats;
  }

  testing::FakeDatabase& orders() { return factory.database("orders"); }

  testing::SimulatedLoop loop;
  testing::FakeConnectorFactory factory;
  RecordingObserver observer;
  Manager manager;
};

}  // namespace sluice::manager
