#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "app/bench/latencies.h"
#include "app/client/gateway.h"

namespace sluice::app::bench {

/// What to send, and how much of it.
struct Plan {
  client::Request request;
  int users = 10;             ///< each has a connection, and one request at a time
  std::int64_t requests = 0;  ///< in all; 0: as many as fit into the duration
  std::chrono::duration<double> duration{10};
  /// Requests in a second, whether or not the answers keep up; 0: each user sends the next one
  /// when the last was answered.
  double rate = 0;
};

/// The parts of Server-Timing, in the order in which a request goes through them.
inline constexpr std::array<std::string_view, 5> kStages{"auth", "queue", "connect", "db",
                                                         "encode"};

/// What came of it.
struct Measured {
  Latencies latencies;  ///< of every answer; with a rate: from when it should have been sent
  std::int64_t succeeded = 0;
  std::map<std::string, std::int64_t> failures = {};  ///< by code
  std::array<double, kStages.size()> stage_ms{};      ///< sums
  std::int64_t staged = 0;                            ///< answers that told their stages
  std::string first_failure = {};
  std::chrono::duration<double> elapsed{0};

  [[nodiscard]] std::int64_t total() const;
  [[nodiscard]] std::int64_t failed() const { return total() - succeeded; }
  [[nodiscard]] double per_second() const;
  void merge(const Measured& other);
};

using OpenGateway = std::function<std::unique_ptr<client::Gateway>(const std::atomic<bool>* stop)>;
/// Called on the calling thread a few times a second: how long it has run, how much was answered.
using OnTick = std::function<void(std::chrono::duration<double> elapsed, std::int64_t answered)>;

/// Runs the plan and blocks until it is over, or until `stop` becomes true.
[[nodiscard]] Measured run_load(const Plan& plan, const OpenGateway& open,
                                const std::atomic<bool>& stop, const OnTick& on_tick);

/// Adds "auth;dur=0.02, queue;dur=0.4" to the sums; false if it is no such text.
bool add_stages(std::string_view server_timing, std::array<double, kStages.size()>& sums);

}  // namespace sluice::app::bench
