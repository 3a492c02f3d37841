#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/epoll_loop.h"
#include "postgres/postgres.h"
#include "support/private_postgres.h"

namespace sluice::test {

/// The server that the tests of this executable share.
inline PrivatePostgres& server() {
  static PrivatePostgres postgres;
  return postgres;
}

inline Query statement(std::string sql) {
  Query query;
  query.sql = std::move(sql);
  return query;
}

/// Keeps rows, and says stop after so many.
class KeepingSink final : public RowSink {
 public:
  void on_columns(const std::vector<Column>& columns) override {
    ++columns_calls;
    result.columns = columns;
  }
  RowVerdict on_row(std::span<const Cell> cells) override {
    auto& row = result.rows.emplace_back();
    for (const Cell& cell : cells)
      row.push_back(cell.is_null() ? std::nullopt
                                   : std::optional<std::string>(std::string(cell.text())));
    if (on_each_row) on_each_row();
    return result.rows.size() >= too_large_at ? RowVerdict::kTooLarge : RowVerdict::kContinue;
  }

  QueryResult result;
  std::size_t too_large_at = static_cast<std::size_t>(-1);
  std::function<void()> on_each_row;
  int columns_calls = 0;
};

/// Drives connections on a loop of the test's own thread: each call turns the loop until it has its
/// answer, and fails the test after a minute without one.
class SessionDriver {
 public:
  explicit SessionDriver(postgres::Options options = {})
      : factory_(postgres::make_connector_factory(options)) {
    loop.adopt_current_thread();
  }

  template <typename Condition>
  bool turn_until(Condition condition,
                  std::chrono::milliseconds patience = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.run_ready();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    return true;
  }
  void turn_for(std::chrono::milliseconds time) {
    (void)turn_until([] { return false; }, time);
  }

  Result<std::unique_ptr<pool::Connection>> connect(
      const Target& target, const DatabaseOptions& options = {},
      std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    connector = factory_->make(target, options, loop);
    return connect_again(patience);
  }
  Result<std::unique_ptr<pool::Connection>> connect_again(
      std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    std::optional<Result<std::unique_ptr<pool::Connection>>> result;
    loop.refresh_now();
    const auto attempt =
        connector->connect(base::Deadline::after(loop.now(), patience),
                           [&](auto connected) { result.emplace(std::move(connected)); });
    EXPECT_FALSE(result) << "called back from inside the call";
    if (!turn_until([&] { return result.has_value(); })) return fail(no_answer());
    return std::move(*result);
  }
  /// A connection that must succeed.
  std::unique_ptr<pool::Connection> open(const Target& target,
                                         const DatabaseOptions& options = {}) {
    auto connected = connect(target, options);
    if (!connected) throw std::runtime_error(connected.error().message);
    return std::move(*connected);
  }
  std::unique_ptr<pool::Connection> open(const DatabaseOptions& options = {}) {
    return open(server().target(), options);
  }

  struct Ran {
    std::optional<Result<Completion>> completion;
    KeepingSink sink;
  };
  /// Starts a statement; turn the loop to run it.
  std::unique_ptr<Ran> start(pool::Connection& connection, const Query& query,
                             pool::ExecuteOptions options = {}) {
    auto ran = std::make_unique<Ran>();
    start_on(connection, query, options, *ran);
    return ran;
  }
  void start_on(pool::Connection& connection, const Query& query, pool::ExecuteOptions options,
                Ran& ran) {
    loop.refresh_now();
    connection.execute(query, options, ran.sink, [&ran](Result<Completion> done) {
      EXPECT_FALSE(ran.completion) << "ended twice";
      ran.completion.emplace(std::move(done));
    });
    EXPECT_FALSE(ran.completion) << "called back from inside the call";
  }
  Result<QueryResult> finish(Ran& ran) {
    if (!turn_until([&] { return ran.completion.has_value(); })) return fail(no_answer());
    if (!*ran.completion) return fail(ran.completion->error());
    ran.sink.result.completion = **ran.completion;
    return std::move(ran.sink.result);
  }
  Result<QueryResult> run(pool::Connection& connection, const Query& query,
                          pool::ExecuteOptions options = {}) {
    return finish(*start(connection, query, options));
  }
  Result<QueryResult> run(pool::Connection& connection, const std::string& sql,
                          std::vector<Param> params = {}) {
    Query query;
    query.sql = sql;
    query.params = std::move(params);
    return run(connection, query);
  }
  /// The first column of the first row; the error's message when it fails.
  std::string value(pool::Connection& connection, const std::string& sql,
                    std::vector<Param> params = {}) {
    const auto result = run(connection, sql, std::move(params));
    if (!result) return "error: " + result.error().message;
    if (result->rows.empty()) return "no row";
    return result->rows[0][0].value_or("NULL");
  }

  Status ping(pool::Connection& connection) {
    return wait([&](auto ended) { connection.ping(ended); });
  }
  Status reset(pool::Connection& connection, ResetPolicy policy = ResetPolicy::kDirty) {
    return wait([&](auto ended) { connection.reset(policy, ended); });
  }
  /// Whether the server let go in time.
  bool close(pool::Connection& connection) {
    bool closed = false;
    connection.close([&] { closed = true; });
    EXPECT_FALSE(closed) << "called back from inside the call";
    return turn_until([&] { return closed; });
  }

  base::EpollLoop loop;
  std::unique_ptr<pool::Connector> connector;

 private:
  template <typename Start>
  Status wait(Start begin) {
    std::optional<Status> status;
    loop.refresh_now();
    begin([&](Status ended) { status.emplace(std::move(ended)); });
    EXPECT_FALSE(status) << "called back from inside the call";
    if (!turn_until([&] { return status.has_value(); })) return fail(no_answer());
    return std::move(*status);
  }
  static Error no_answer() {
    ADD_FAILURE() << "no answer within a minute";
    Error error;
    error.message = "no answer";
    return error;
  }

  std::unique_ptr<pool::ConnectorFactory> factory_;
};

/// Tests that use one open connection.
class OpenConnectionTest : public testing::Test {
 protected:
  SessionDriver driver;
  std::unique_ptr<pool::Connection> connection = driver.open();

  Result<QueryResult> run(const std::string& sql, std::vector<Param> params = {}) {
    return driver.run(*connection, sql, std::move(params));
  }
  std::string value(const std::string& sql, std::vector<Param> params = {}) {
    return driver.value(*connection, sql, std::move(params));
  }
};

}  // namespace sluice::test
