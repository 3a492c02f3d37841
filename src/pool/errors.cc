#include "pool/errors.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace sluice::pool {
namespace {

// When it is worth trying again: a busy pool looks different a second later.
constexpr std::chrono::seconds kComeBackAfter{1};

std::string in_ms(base::Duration duration) {
  return std::to_string(std::chrono::round<std::chrono::milliseconds>(duration).count()) + " ms";
}

std::string callers(int count) {
  return std::to_string(count) + (count == 1 ? " caller" : " callers");
}

std::string describe(const Load& load) {
  std::string text = std::to_string(load.used) + " of " + std::to_string(load.limit) + " in use";
  if (load.connecting > 0) text += ", " + std::to_string(load.connecting) + " being opened";
  if (load.cleaning > 0) text += ", " + std::to_string(load.cleaning) + " being cleaned or closed";
  return text;
}

std::string advice(const Load& load) {
  if (load.used >= load.lendable && load.lendable < load.limit) {
    return "no more than " + std::to_string(load.lendable) +
           " are lent at present (pool.adaptive_limit, pool.sizing)";
  }
  if (load.kept > 0) {
    return "up to " + std::to_string(load.kept) +
           " are kept free for clients that ask for less than their share (pool.fair_shares)";
  }
  if (load.used >= load.limit) return "raise pool.max_size, or find what holds them";
  if (load.suspended) return "none is opened while the circuit breaker is open";
  if (load.withheld) {
    return "the gateway has as many connections as pools.max_connections and "
           "pools.max_connections_per_server allow";
  }
  if (load.connecting > 0) return "the database is slow to accept connections";
  return "see the pool's events for what keeps them";
}

// Nothing was sent anywhere, so the same call may well succeed later.
Error refusal(ErrorCode code, Fault fault, std::string message) {
  Error error;
  error.code = code;
  error.message = std::move(message);
  error.fault = fault;
  error.retryable = true;
  error.retry_after = kComeBackAfter;
  return error;
}

}  // namespace

Error queue_full(const Load& load) {
  return refusal(ErrorCode::kQueueFull, Fault::kOverload,
                 callers(load.waiting) + " wait for a connection already, and no more may (" +
                     describe(load) + "); " + advice(load) + ", or raise pool.max_waiters");
}

Error turn_too_late(const Prospect& prospect) {
  constexpr std::chrono::milliseconds kLongest{30'000};
  Error error = refusal(
      ErrorCode::kQueueFull, Fault::kOverload,
      "refused at once, because it would have to wait about " + in_ms(prospect.wait()) +
          " for a connection and has " + in_ms(prospect.patience) + ": " + callers(prospect.ahead) +
          " come before, each takes " + in_ms(prospect.service_time) + " on average, and " +
          std::to_string(prospect.slots) +
          " connections serve them; allow more time, or find what makes the calls slow");
  const auto too_long =
      std::chrono::ceil<std::chrono::milliseconds>(prospect.wait() - prospect.patience);
  error.retry_after = std::clamp<std::chrono::milliseconds>(too_long, kComeBackAfter, kLongest);
  return error;
}

Error pushed_out(const Load& load) {
  return refusal(ErrorCode::kQueueFull, Fault::kOverload,
                 "the queue is full, and the last caller of the client with the most gave up its "
                 "place to a client with fewer (" +
                     describe(load) + ", " + callers(load.waiting) +
                     " waiting); send fewer calls at once, or raise pool.max_waiters");
}

Error shed(const Load& load, base::Duration waited) {
  return refusal(ErrorCode::kQueueFull, Fault::kOverload,
                 "refused after waiting " + in_ms(waited) +
                     ", because all have waited too long for some time (pool.shedding): " +
                     describe(load) + ", " + callers(load.waiting) + " waiting; " + advice(load));
}

Error acquire_timeout(const Load& load, base::Duration waited) {
  return refusal(ErrorCode::kAcquireTimeout, Fault::kOverload,
                 "no connection became free within " + in_ms(waited) + ": " + describe(load) +
                     ", " + callers(load.waiting) + " still waiting; " + advice(load));
}

Error paused(base::Duration waited) {
  return refusal(ErrorCode::kPaused, Fault::kCaller,
                 "an operator paused the database, and it was not resumed within " + in_ms(waited) +
                     "; try again later, or resume it");
}

Error draining() {
  return refusal(ErrorCode::kDraining, Fault::kCaller,
                 "the database's connections are being closed and none is lent any more");
}

Error no_slot_for_probe() {
  return refusal(ErrorCode::kQueueFull, Fault::kCaller,
                 "every connection is in use, so that none is left to probe the database with");
}

Error no_leave_for_probe(base::Duration waited) {
  return refusal(ErrorCode::kAcquireTimeout, Fault::kCaller,
                 "the gateway has as many connections as pools.max_connections and "
                 "pools.max_connections_per_server allow, and none became free within " +
                     in_ms(waited));
}

Error probe_under_way() {
  return refusal(ErrorCode::kInvalidRequest, Fault::kCaller,
                 "the database is being probed already");
}

Error probe_dropped() {
  return refusal(ErrorCode::kCancelled, Fault::kCaller,
                 "the probe was given up because its pool was closed");
}

Error silent_connect(base::Duration waited) {
  return refusal(ErrorCode::kConnectTimeout, Fault::kDatabase,
                 "no connection could be opened within " + in_ms(waited) +
                     "; check that the host is up and not behind a silent firewall");
}

Error silent_ping(base::Duration waited) {
  return refusal(ErrorCode::kDatabaseUnavailable, Fault::kDatabase,
                 "an idle connection did not answer a ping within " + in_ms(waited));
}

Error not_reachable(const Error& connect_error, base::Duration retry_in) {
  Error error = connect_error;
  error.outcome = Outcome::kNotStarted;
  // Wrong credentials stay wrong until somebody changes them.
  error.retryable = connect_error.fault != Fault::kCredentials;
  error.retry_after = std::chrono::ceil<std::chrono::milliseconds>(retry_in);
  return error;
}

}  // namespace sluice::pool
