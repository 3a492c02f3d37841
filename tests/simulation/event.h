#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "sluice/options.h"
#include "sluice/stats.h"

namespace sluice::simulation {

using std::chrono::milliseconds;

/// One kind of thing that happens to a gateway.
enum class What {
  // Callers:
  kQuery,
  kTransaction,
  kStream,       ///< a query whose reader pauses
  kOpenSession,  ///< … which leaves a session behind
  kUseSession,   ///< … in the session `of`
  kFanOut,
  kCancel,  ///< of the call or fan-out `id`
  kGoOn,    ///< the reader of the stream `id` goes on
  kLend,
  kGiveBack,  ///< the loan `id`
  // Operators:
  kConnect,
  kDisconnect,
  kConfigure,
  kPause,
  kDrain,  ///< until it is resumed
  kResume,
  kReconnect,
  kForceBreaker,
  kEndSession,  ///< the session `id`
  kStats,
  kHealth,
  kClose,
  // Databases:
  kMood,
  kLoseConnections,
  kAnswerLate,  ///< what has hung so far
  // Time:
  kTurns,      ///< the workers do a few things; the clock stands still
  kAdvance,    ///< the clock moves, and everything that is due happens
  kToTimer,    ///< to the moment of the next timer
  kNearTimer,  ///< to the last moment before it
};

/// How a database answers.
enum class Mood {
  kHealthy,
  kSlow,
  kRefusing,      ///< connects fail
  kFull,          ///< connects fail with 53300
  kRejecting,     ///< connects fail with 28P01
  kSilent,        ///< nothing is answered at all, not even a cancel
  kHanging,       ///< statements hang until they are cancelled
  kDying,         ///< statements lose their session
  kComplaining,   ///< statements end with SQL errors
  kShuttingDown,  ///< statements end with 57P01, and their session with them
  kSoiling,       ///< statements leave dirty sessions, some of which cannot be cleaned
  kMixed,
};

constexpr int kOutside = -1;   ///< `from`: a thread that is no worker
constexpr int kCallback = -2;  ///< the callback of another call, on whatever worker it came

/// One event of a scenario. It holds all that was drawn for it, so that it means the same when
/// others are taken away.
struct Event {
  What what = What::kTurns;
  int database = 0;
  int id = 0;
  int from = kOutside;
  int of = 0;           ///< the session, by the id of what opened it
  int client = 0;       ///< who asks; 0: nobody in particular
  milliseconds time{};  ///< timeout, patience, duration, or how far the clock moves
  int count = 0;        ///< of statements, connections, turns, rows before a pause; concurrency
  bool flag = false;  ///< asks again when answered; with a trial; with a probe; given back broken;
                      ///< goes on from inside the pause; ended by its owner
  Mood mood = Mood::kHealthy;
  BreakerState breaker = BreakerState::kClosed;
  DatabaseOptions options;  ///< for kConnect and kConfigure
  std::uint64_t draw = 0;   ///< seeds whatever is drawn while it happens
};

/// What differs from the defaults: " {pool.max_size=3}".
[[nodiscard]] std::string different_settings(const DatabaseOptions& options);

/// The event in words, for people: "query #17 at db1 from worker 0, 250 ms".
[[nodiscard]] std::string to_string(const Event& event);

}  // namespace sluice::simulation
