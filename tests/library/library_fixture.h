#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sluice/pool_manager.h"
#include "support/private_postgres.h"

namespace sluice {

using namespace std::chrono_literals;

/// Polls a condition that another thread or process brings about; false after ten seconds.
template <typename Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + 10s;
  while (std::chrono::steady_clock::now() < give_up) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return condition();
}

/// Remembers the breaker's transitions. Thread-safe.
class Transitions : public Observer {
 public:
  void on_breaker_transition(const BreakerTransition& transition) override {
    std::lock_guard lock(mutex_);
    seen_.push_back(transition);
  }
  [[nodiscard]] std::vector<BreakerTransition> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<BreakerTransition> seen_;
};

inline Query statement(std::string sql, std::vector<Param> params = {}) {
  Query query;
  query.sql = std::move(sql);
  query.params = std::move(params);
  return query;
}

/// A real server for all tests of a suite, and a manager of its own for each.
class LibraryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server = std::make_unique<test::PrivatePostgres>(); }
  static void TearDownTestSuite() { server.reset(); }

  LibraryTest() : transitions(std::make_shared<Transitions>()), manager({}, transitions) {}

  void connect(const DatabaseOptions& options = {}, const std::string& db_id = "db") {
    const auto connected = manager.connect(server->target(), options, db_id);
    ASSERT_TRUE(connected) << connected.error().message;
  }

  static inline std::unique_ptr<test::PrivatePostgres> server;
  std::shared_ptr<Transitions> transitions;
  PoolManager manager;
};

}  // namespace sluice
