#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pool/pool.h"
#include "support/fake_connection.h"
#include "support/simulated_loop.h"

namespace sluice::pool {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Answer;
using testing::FakeConnection;
using testing::FakeDatabase;
using testing::SimulatedLoop;

/// Remembers what the pool told.
struct RecordingListener : PoolListener {
  struct Told {
    PoolEvent event;
    std::string detail;
  };
  void on_connect(base::Duration took, const Error* error) override {
    connects.push_back(took);
    if (error) connect_errors.push_back(*error);
  }
  void on_ping(base::Duration took, const Error* error) override {
    pings.push_back(took);
    if (error) ping_errors.push_back(*error);
  }
  void on_event(PoolEvent event, std::string_view detail) override {
    events.push_back({event, std::string(detail)});
    if (also) also(event);
  }
  [[nodiscard]] int count(PoolEvent event, std::string_view detail = "*") const {
    return static_cast<int>(std::count_if(events.begin(), events.end(), [&](const Told& told) {
      return told.event == event && (detail == "*" || told.detail == detail);
    }));
  }

  std::vector<base::Duration> connects;
  std::vector<Error> connect_errors;
  std::vector<base::Duration> pings;
  std::vector<Error> ping_errors;
  std::vector<Told> events;
  std::function<void(PoolEvent)> also;
};

/// Somebody who asked for a connection.
struct Caller {
  WaiterId id = 0;
  int answers = 0;
  std::optional<Error> error;
  Lease lease;
  base::TimePoint at{};

  [[nodiscard]] bool served() const { return static_cast<bool>(lease); }
  [[nodiscard]] ErrorCode code() const { return error ? error->code : ErrorCode::kInternal; }
  [[nodiscard]] FakeConnection& connection() const {
    return dynamic_cast<FakeConnection&>(lease.connection());
  }
};

/// A pool over a scripted database under simulated time. Everything that time does by itself is
/// switched off until a test asks for it.
class PoolBench : public ::testing::Test {
 protected:
  PoolBench() {
    options.max_size = 3;
    options.max_lifetime = milliseconds(0);
    options.idle_timeout = milliseconds(0);
    options.keepalive = milliseconds(0);
    options.pool_idle_timeout = milliseconds(0);
    options.adaptive_limit = AdaptiveLimit::kOff;
  }

  ~PoolBench() override {
    listener.also = nullptr;
    if (pool_) pool_->pause();  // so that leases that come back now serve nobody
    for (Caller& caller : callers) caller.lease.release();  // which may still refuse others
    callers.clear();
  }

  Pool& pool() {
    if (!pool_) {
      pool_ = std::make_unique<Pool>(
          options, Pool::Dependencies{loop, database.connector(loop), listener, random});
    }
    return *pool_;
  }

  /// Asks without letting the loop run. With an errand, the connection may be shared.
  Caller& ask(base::Duration patience = seconds(5), const Errand* errand = nullptr,
              ClientId client = 0) {
    Caller& caller = callers.emplace_back();
    const auto got = [this, &caller](Result<Lease> lease) {
      ++caller.answers;
      caller.at = loop.now();
      if (lease) {
        caller.lease = std::move(*lease);
      } else {
        caller.error = lease.error();
      }
    };
    caller.id = pool().acquire(base::Deadline::after(loop.now(), patience), got, errand, client);
    return caller;
  }

  /// Asks, and lets everything happen that needs no time.
  Caller& borrow(base::Duration patience = seconds(5)) {
    Caller& caller = ask(patience);
    loop.run_posted();
    return caller;
  }

  Caller& ask_as(ClientId client, base::Duration patience = seconds(5)) {
    return ask(patience, nullptr, client);
  }
  /// Gives a connection back, and lets everything happen that needs no time.
  void give_back(Caller& caller) {
    caller.lease.release();
    loop.run_posted();
  }
  /// Lends a connection for that long, so often, one after the other.
  void serve_calls(int count, base::Duration each) {
    for (int i = 0; i < count; ++i) {
      Caller& caller = borrow();
      loop.advance(each);
      give_back(caller);
    }
  }

  /// Opens that many connections and leaves them idle.
  void warm(int count) {
    std::vector<Caller*> borrowed;
    for (int i = 0; i < count; ++i) borrowed.push_back(&borrow());
    for (Caller* caller : borrowed) caller->lease.release();
    loop.run_posted();
    ASSERT_EQ(pool().stats().idle, count);
  }

  /// Lets time pass until a ping waits for its answer.
  void advance_to_unanswered_ping() {
    for (int i = 0; i < 100'000 && database.pings.waiting() == 0; ++i) {
      loop.advance(milliseconds(1));
    }
    ASSERT_EQ(database.pings.waiting(), 1);
  }

  [[nodiscard]] PoolStats stats() { return pool().stats(); }
  [[nodiscard]] std::int64_t closed(const std::string& reason) {
    const auto all = stats().connections_closed;
    const auto found = all.find(reason);
    return found == all.end() ? 0 : found->second;
  }

  SimulatedLoop loop;
  FakeDatabase database;
  RecordingListener listener;
  base::Random random{42};
  PoolOptions options;
  std::unique_ptr<Pool> pool_;
  std::deque<Caller> callers;
};

}  // namespace sluice::pool
