#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sluice/error.h"
#include "sluice/export.h"
#include "sluice/stats.h"

namespace sluice {

/// A breaker that changed its state.
struct BreakerTransition {
  std::string db_id;                          ///< whose breaker
  BreakerState from = BreakerState::kClosed;  ///< the state before
  BreakerState to = BreakerState::kClosed;    ///< the state now
  std::string reason;       ///< one word: "failure_rate", "connect_failures", "slow_rate",
                            ///< "rejected_by_server", "probe_succeeded", "trials_succeeded",
                            ///< "trial_failed", "operator", "override_over"
  std::string explanation;  ///< the evidence, in words
};

/// What a database's monitor noticed of its hosts.
struct HostEvent {
  std::string db_id;        ///< whose host
  std::string host;         ///< "db2:5432"
  std::string what;         ///< one word: "up", "down", "primary", "replica", "conflict"
  std::string explanation;  ///< the evidence, in words
};

/// An interactive session that was ended by somebody else than its owner.
struct SessionEvent {
  std::string db_id;        ///< whose session
  std::string session_id;   ///< as in its URL; no secret
  std::string client;       ///< whose it was: the key's name, or the address
  std::string reason;       ///< one word: "idle", "expired", "killed", "lost", "drained", "breaker"
  std::string explanation;  ///< the same in words
};

/// What happened to a connection or a pool.
enum class PoolEvent {
  kConnected,      ///< a connection was opened
  kConnectFailed,  ///< … could not be opened; the detail is the error
  kAcquired,       ///< … was lent
  kReleased,       ///< … came back
  kClosed,         ///< … was closed; the detail is the reason, see docs/pool.md
  kPoolClosed,     ///< nobody used the pool for long: all its connections are closed
  kLimited,        ///< another number of connections may be lent from now on; the detail says why
};
/// The word for an event: "connected", "connect_failed", …
[[nodiscard]] SLUICE_API std::string_view to_string(PoolEvent event);

/// Told what happens inside a PoolManager. The library itself writes no log.
/// Called on worker threads after the change, never under a lock: implementations are thread-safe,
/// return quickly, do not throw and do not make blocking calls into the PoolManager.
class SLUICE_API Observer {
 public:
  virtual ~Observer();
  /// A breaker changed its state.
  virtual void on_breaker_transition(const BreakerTransition& transition) { (void)transition; }
  /// Something happened to a connection. Comes often: twice per call.
  /// `detail` says why (a close reason, an error's text); never contains secrets.
  virtual void on_pool_event(std::string_view db_id, PoolEvent event, std::string_view detail) {
    (void)db_id, (void)event, (void)detail;
  }
  /// A database was registered ("connected"), changed ("updated"), or removed ("disconnected").
  virtual void on_database(std::string_view db_id, std::string_view what) {
    (void)db_id, (void)what;
  }
  /// A host of a database with several was noticed to be up, down, or in another role. "conflict"
  /// wants a person: two hosts take writes.
  virtual void on_host(const HostEvent& event) { (void)event; }
  /// An interactive session was ended, and not by its owner.
  virtual void on_session_ended(const SessionEvent& event) { (void)event; }
};

}  // namespace sluice
