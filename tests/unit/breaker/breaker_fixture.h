#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "breaker/breaker.h"

namespace sluice::breaker {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline Error error_of(Fault fault, ErrorCode code, std::string message) {
  Error error;
  error.code = code;
  error.fault = fault;
  error.message = std::move(message);
  return error;
}

inline Error sql_error(Fault fault, std::string sqlstate, std::string message) {
  SqlDiagnostics sql;
  sql.sqlstate = std::move(sqlstate);
  sql.message = std::move(message);
  Error error = error_of(fault, ErrorCode::kSqlError, "the server said: " + sql.message);
  error.sql = std::make_shared<const SqlDiagnostics>(std::move(sql));
  return error;
}

inline Error lost() {
  return error_of(Fault::kDatabase, ErrorCode::kDatabaseUnavailable, "connection lost");
}
inline Error starting_up() {
  return sql_error(Fault::kDatabase, "57P03", "the database system is starting up");
}
inline Error no_such_table() {
  return sql_error(Fault::kCaller, "42P01", "relation \"secret\" does not exist");
}
inline Error wrong_password() {
  return sql_error(Fault::kCredentials, "28P01", "password authentication failed for user \"app\"");
}

/// A breaker with its own time. Helpers fail the test when the breaker refuses.
class BreakerTest : public ::testing::Test {
 protected:
  void use(const BreakerOptions& changed) {
    options = changed;
    breaker = std::make_unique<Breaker>(options, random, now);
  }

  Permit permit() {
    auto permit = breaker->acquire(now);
    EXPECT_TRUE(permit) << permit.error().message;
    return permit ? std::move(*permit) : Permit();
  }
  void call(const Error* error) { permit().settle(error, now); }
  void calls(int count, const Error* error = nullptr) {
    for (int i = 0; i < count; ++i) call(error);
  }
  bool refused() {
    const auto answer = breaker->acquire(now);  // given back at once, if it was given
    return !answer;
  }

  /// Opens a closed breaker through the failure rate.
  void open_by_failures() {
    const Error failure = starting_up();
    for (int i = 0; i < options.minimum_calls; ++i) call(&failure);
    ASSERT_EQ(breaker->state(), BreakerState::kOpen);
  }
  /// How long the breaker means to stay open.
  Duration open_time() const { return *breaker->next_event() - now; }
  void wait_until_probe() {
    now = *breaker->next_event();
    ASSERT_TRUE(breaker->probe_due(now));
    breaker->probe_started();
  }
  void probe(const Error* error) {
    wait_until_probe();
    breaker->probe_finished(error, now);
  }
  void open_and_probe_well() {
    open_by_failures();
    probe(nullptr);
    ASSERT_EQ(breaker->state(), BreakerState::kHalfOpen);
  }

  std::string explanation() const { return breaker->status(now).explanation; }
  void expect_says(const std::string& words) const {
    EXPECT_NE(explanation().find(words), std::string::npos) << explanation();
  }
  void expect_does_not_say(const std::string& words) const {
    EXPECT_EQ(explanation().find(words), std::string::npos) << explanation();
  }

  BreakerOptions options;
  base::Random random{1};
  TimePoint now{std::chrono::hours(100)};  // the beginning of a one-second bucket
  std::unique_ptr<Breaker> breaker = std::make_unique<Breaker>(options, random, now);
};

}  // namespace sluice::breaker
