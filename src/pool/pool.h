#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "base/event_loop.h"
#include "base/random.h"
#include "base/time.h"
#include "pool/connection.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/result.h"
#include "sluice/stats.h"

namespace sluice::pool {

class Pool;
class Slot;

/// A connection lent to one user. Move-only; destroying it gives the connection back. Lives on the
/// pool's thread. The pool must outlive its leases.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return slot_ != nullptr; }
  [[nodiscard]] Connection& connection() const;
  /// Part of the wait that opening this connection took, if it was opened for this lease.
  [[nodiscard]] base::Duration connect_time() const { return connect_time_; }
  /// Gives the connection back now. A broken one is replaced; one that needs it is cleaned off the
  /// caller's path.
  void release();

 private:
  friend class Pool;
  Lease(Pool& pool, Slot& slot, base::Duration connect_time)
      : pool_(&pool), slot_(&slot), connect_time_(connect_time) {}

  Pool* pool_ = nullptr;
  Slot* slot_ = nullptr;
  base::Duration connect_time_{};
};

/// Told what a pool learns about its database. Called on the pool's thread, after the change.
class PoolListener {
 public:
  virtual ~PoolListener() = default;
  /// `error` null: a connection was opened.
  virtual void on_connect(base::Duration took, const Error* error) = 0;
  virtual void on_ping(base::Duration took, const Error* error) = 0;
  virtual void on_event(PoolEvent event, std::string_view detail) = 0;
};

/// Identifies a waiting caller, for `Pool::cancel`.
using WaiterId = std::uint64_t;

/// The connections to one database that live on one loop's thread. Needs no lock: everything happens
/// on that thread, and nothing blocks. Slots are conserved: idle + leased + connecting + cleaning is
/// never more than max_size + max_overflow. Waiters are served strictly first come, first served,
/// by direct hand-off; each ends exactly once.
/// Rules and defaults: `PoolOptions`; reasons: docs/adr and docs/pool.md.
class Pool {
 public:
  using Acquired = std::function<void(Result<Lease>)>;

  struct Dependencies {
    base::EventLoop& loop;
    std::shared_ptr<Connector> connector;
    PoolListener& listener;
    base::Random& random;
  };

  Pool(const PoolOptions& options, Dependencies dependencies);
  /// Drops every connection at once and forgets every waiter. No lease may be out.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Asks for a connection until the deadline. `acquired` is called exactly once unless cancelled:
  /// from inside this call when a connection is idle or the pool refuses (then 0 is returned), later
  /// otherwise. Errors: kQueueFull, kAcquireTimeout, kDatabaseUnavailable or the connect's own error
  /// (while connects fail and no connection is left), kDraining, kPaused (deadline passed while
  /// paused).
  WaiterId acquire(base::Deadline deadline, Acquired acquired);
  /// Forgets a waiter without calling it. No effect on one that has ended.
  void cancel(WaiterId waiter);

  /// Fails every waiter with this error. For a breaker that opens.
  void fail_waiters(const Error& error);
  /// While suspended the pool opens no connections by itself; only `probe` does.
  void suspend_refill(bool suspended);
  /// Opens a connection (or, with every slot taken, uses an idle one) and pings it; a good one joins
  /// the idle ones. With no slot to be had it fails with Fault::kCaller. One at a time.
  void probe(std::function<void(Status)> probed);
  /// Idle connections from before now must answer a ping before they are used again.
  void suspect_idle();

  void pause();
  void resume();
  /// Replaces every connection: idle ones now, leased ones when they come back.
  void renew();
  /// New limits, live: surplus idle connections are closed, waiters are served.
  void configure(const PoolOptions& options);
  /// New credentials or session: further connections come from this connector, old ones are renewed.
  void replace_connector(std::shared_ptr<Connector> connector);

  /// Takes nothing new, fails the waiters with kDraining, closes idle connections, and calls
  /// `drained` when the last lease is back and the last connection gone.
  void drain(std::function<void()> drained);

  /// `shards` does not matter here: the caller adds up.
  [[nodiscard]] PoolStats stats() const;
  [[nodiscard]] base::TimePoint last_used() const;

 private:
  friend class Lease;
  // H2 completes the private part.
};

}  // namespace sluice::pool
