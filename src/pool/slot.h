#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "base/timer.h"
#include "pool/client_table.h"
#include "pool/connection.h"
#include "pool/connection_budget.h"

namespace sluice::pool {

/// What occupies a slot. Every state counts against the maximum.
enum class SlotState { kConnecting, kIdle, kLeased, kResetting, kPinging, kClosing };
inline constexpr std::size_t kSlotStates = 6;

/// Why a connection was closed.
enum class CloseReason {
  kIdle,         ///< unused for idle_timeout
  kLifetime,     ///< as old as max_lifetime
  kMaxQueries,   ///< lent out max_queries times
  kBroken,       ///< the session was lost
  kResetFailed,  ///< its session could not be cleaned
  kPingFailed,   ///< it did not answer a ping
  kRenewed,      ///< an operator, or new credentials, asked for new connections
  kSurplus,      ///< more than max_size allows
  kPoolIdle,     ///< the whole pool was unused for pool_idle_timeout
  kDrained,      ///< the pool is shutting down
  kYielded,      ///< another pool needed it more (ConnectionBudget)
};
inline constexpr std::size_t kCloseReasons = 11;
[[nodiscard]] std::string_view to_string(CloseReason reason);

/// Why a connection is pinged.
enum class PingPurpose {
  kBorrow,
  kKeepalive,
  kProbe,
  kCanary,  ///< to see how fast the database answers
};

/// One place in the pool and the connection, or the attempt to open one, that has it.
struct Slot {
  /// `late` is told when `limit` has passed.
  Slot(base::TimerQueue& timers, std::function<void(Slot&)> late)
      : limit(timers, [this, told = std::move(late)] { told(*this); }) {}

  BudgetShare share;  ///< outlives the connection
  SlotState state = SlotState::kConnecting;
  std::unique_ptr<ConnectAttempt> attempt;
  std::unique_ptr<Connection> connection;

  base::Timer limit;        ///< of the connect, ping, reset or close that is under way
  base::TimePoint began{};  ///< of the connect, ping, cleaning or lease that is under way
  PingPurpose ping_purpose = PingPurpose::kBorrow;
  bool for_probe = false;  ///< a connect that `Pool::probe` asked for

  base::TimePoint created{};
  base::Duration connect_took{};
  base::TimePoint idle_since{};  ///< the end of its last use
  base::TimePoint alive_at{};    ///< the last sign of life: a use, a ping, a reset
  base::TimePoint expires = base::TimePoint::max();
  base::Duration keepalive_every{};
  double lifetime_cut = 0;     ///< share of max_lifetime it does without, drawn once
  double keepalive_share = 1;  ///< share of the keep-alive interval it waits, drawn once

  Client* client = nullptr;  ///< to whose share it counts while it is lent
  int users = 0;             ///< leases that are out; a batch has several
  int company = 0;           ///< leases since it was last free
  bool brief = false;        ///< lent for short reads: it should be back soon
  int forsaken = 0;          ///< leases that are out, and whose users gave up
  bool kept = false;         ///< by a user who has it for longer than one call
  std::int64_t uses = 0;
  std::uint64_t generation = 0;  ///< the pool's when it was opened
  std::uint64_t suspicion = 0;   ///< the pool's at its last sign of life
  bool spoiled = false;          ///< it broke while lent out

  Slot* newer = nullptr;  ///< in the list of idle ones
  Slot* older = nullptr;
  std::size_t index = 0;  ///< in the table of slots
};

}  // namespace sluice::pool
