#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "base/time.h"
#include "base/timer.h"
#include "pool/client_table.h"
#include "pool/codel.h"
#include "pool/concurrency_limit.h"
#include "pool/connection.h"
#include "pool/errors.h"
#include "pool/fair_shares.h"
#include "pool/lease.h"
#include "pool/refill.h"
#include "pool/service_time.h"
#include "pool/sizing.h"
#include "pool/slot_table.h"
#include "pool/waiter_queue.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/result.h"
#include "sluice/stats.h"

namespace sluice::pool {

/// Told what a pool learns about its database. Called on the pool's thread, after the change.
class PoolListener {
 public:
  virtual ~PoolListener() = default;
  /// `error` null: a connection was opened.
  virtual void on_connect(base::Duration took, const Error* error) = 0;
  virtual void on_ping(base::Duration took, const Error* error) = 0;
  virtual void on_event(PoolEvent event, std::string_view detail) = 0;
};

/// The connections to one database that live on one loop's thread. Needs no lock: everything
/// happens on that thread, and nothing blocks. Slots are conserved: idle + leased + connecting +
/// cleaning is never more than max_size + max_overflow. Waiters are served by direct hand-off: the
/// clients in turn, each one's callers first come, first served. Each ends exactly once. Callbacks
/// and the listener may call the pool again and drop their leases, but not destroy the pool; only
/// `drained` may do that. Rules and defaults: `PoolOptions`; reasons: docs/adr and docs/pool.md.
class Pool {
 public:
  using Acquired = Waiter::Acquired;

  struct Dependencies {
    base::EventLoop& loop;
    std::shared_ptr<Connector> connector;
    PoolListener& listener;
    base::Random& random;
    ConnectionBudget* budget = nullptr;  ///< null: as many as the options say
  };

  Pool(const PoolOptions& options, Dependencies dependencies);
  /// Drops every connection at once and forgets every waiter and `drained`. No lease may be out.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Asks for a connection until the deadline. `acquired` is called exactly once unless cancelled:
  /// from inside this call when a connection is idle or the pool refuses (then 0 is returned),
  /// later otherwise. Errors: kQueueFull, kAcquireTimeout, kDatabaseUnavailable or the connect's
  /// own error (while connects fail and no connection is left), kDraining, kPaused (deadline passed
  /// while paused).
  /// `errand`, which must live until then, lets the caller be one of a batch (pipeline_depth).
  /// `client`: whose share of the pool it is (fair_shares).
  WaiterId acquire(base::Deadline deadline, Acquired acquired, const Errand* errand = nullptr,
                   ClientId client = 0);
  /// Forgets a waiter without calling it. No effect on one that has ended.
  void cancel(WaiterId waiter);

  /// Fails every waiter with this error. For a breaker that opens.
  void fail_waiters(const Error& error);
  /// While suspended the pool opens no connections by itself; only `probe` does.
  void suspend_refill(bool suspended);
  /// Opens a connection (or, with every slot taken, uses an idle one) and pings it; a good one
  /// joins the idle ones. With no slot to be had, or while another probe is under way, it fails
  /// with Fault::kCaller at once.
  void probe(std::function<void(Status)> probed);
  /// Idle connections from before now must answer a ping before they are used again.
  void suspect_idle();

  /// There may be leave for a connection that was refused before.
  void budget_changed();
  /// Another pool needs a connection more: closes an idle one, if there is any.
  void yield_connection();

  void pause();
  void resume();
  /// Replaces every connection: idle ones now, leased ones when they come back.
  void renew();
  /// New limits, live: surplus idle connections are closed, waiters are served.
  void configure(const PoolOptions& options);
  /// New credentials or session: further connections come from this connector, old ones are
  /// renewed.
  void replace_connector(std::shared_ptr<Connector> connector);

  /// Fails the waiters with this error and closes every connection, idle ones now and leased ones
  /// when they come back. The next `acquire` opens the pool again.
  void empty(const Error& reason);
  /// Takes nothing new, fails the waiters with kDraining, closes idle connections, and calls
  /// `drained` when the last lease is back and the last connection gone, never from inside a call.
  void drain(std::function<void()> drained);

  /// How a call ended that had a connection: for adaptive_limit.
  void call_ended(ConcurrencyLimit::Call how) { limiter_.ended(how); }

  /// `shards` does not matter here: the caller adds up.
  [[nodiscard]] PoolStats stats() const;
  [[nodiscard]] base::TimePoint last_used() const;

 private:
  friend class Lease;

  // Lending (pool.cc).
  WaiterId refuse(const Error& error, const Acquired& acquired);
  /// Whether a caller of this client may be lent one before all who wait.
  [[nodiscard]] bool is_next(ClientId client);
  /// Lets it wait, or refuses it.
  WaiterId enqueue(Waiter waiter, base::Deadline deadline);
  [[nodiscard]] Slot* take_ready(base::TimePoint now);
  [[nodiscard]] bool must_ping(const Slot& slot, base::TimePoint now) const;
  void lend(Slot& slot, const Waiter& to, bool first_of_batch = false);
  void give_back(Slot& slot);
  /// Nobody uses it any more: it is cleaned, kept, or closed for the reason returned.
  std::optional<CloseReason> free(Slot& slot);
  /// Why it should not be kept, age aside.
  [[nodiscard]] std::optional<CloseReason> unwanted(const Slot& slot) const;
  [[nodiscard]] bool owes(const Slot& slot) const;
  [[nodiscard]] std::optional<CloseReason> unfit(const Slot& slot) const;
  void on_waiter_deadline(WaiterId id);
  void fail_all(const Error& error);
  void serve();
  void hand_out();
  [[nodiscard]] bool hopeless(base::TimePoint now) const;
  [[nodiscard]] Load load() const;

  // Short reads go together (pool_batches.cc).
  void lend_to_waiters(Slot& slot);
  /// How many of those that wait this connection should serve at once.
  [[nodiscard]] int batch_size(const Slot& slot) const;
  /// How many connections are enough for short reads that take so long.
  [[nodiscard]] int enough_for(base::Duration usual) const;
  /// Whether it is better served by a connection that will soon be back than by an idle one.
  [[nodiscard]] bool worth_waiting(const Errand* errand) const;
  [[nodiscard]] Connection& some_brief() const;
  /// Whoever waits does so by choice.
  void hold();
  void set_brief(Slot& slot, bool brief);
  void forget_overdue();

  // Who is refused before their time, and how many are lent (pool_limits.cc).
  [[nodiscard]] int limit() const { return options_.max_size + options_.max_overflow; }
  [[nodiscard]] bool may_lend() const { return slots_.count(SlotState::kLeased) < lendable_; }
  /// What one client may be lent while others wait.
  [[nodiscard]] int fair_share() const { return std::max(1, std::min(limit(), lendable_) / 2); }
  /// Whether greedy clients have as many connections as they may.
  [[nodiscard]] bool others_first() const {
    return shares_.greedy_have_enough(std::min(limit(), lendable_));
  }
  void judge_shares(base::TimePoint now);
  [[nodiscard]] Prospect prospect(const Client& client, base::TimePoint now) const;
  /// Whose place in a full queue a caller of this client gets, if anybody's.
  [[nodiscard]] std::optional<Waiter> make_room_for(const Client& client);
  void note_use(const Slot& slot);
  void watch_waits(base::TimePoint now);
  void shed_late(base::TimePoint now);
  void every_second();
  void judge_limits();
  void set_lendable(std::string_view why);
  void watch_pings(base::TimePoint now);
  void fill_limits(PoolStats& stats) const;

  // Opening (pool_opening.cc).
  [[nodiscard]] RefillNeed need() const;
  void open_wanted();
  /// Whether there was leave for it.
  bool start_connect(bool for_probe);
  [[nodiscard]] std::optional<BudgetShare> take_share(bool urgent);
  void note_idle();
  void connected(Slot& slot, Result<std::unique_ptr<Connection>> result);
  void adopt(Slot& slot, std::unique_ptr<Connection> connection);
  void connect_failed(Slot& slot, const Error& error);
  /// Whether one of them was the probe's.
  bool abandon_connects();
  void restart_connects();
  void probe_later();
  void finish_probe(const Status& status);

  // Checking, cleaning, closing (pool_checking.cc).
  void make_idle(Slot& slot);
  void ping_for_waiters();
  void start_ping(Slot& slot, PingPurpose purpose);
  void ping_ended(Slot& slot, const Status& status);
  void ping_failed(Slot& slot, const Error& error);
  void start_reset(Slot& slot);
  void reset_ended(Slot& slot, const Status& status);
  /// Closes it for that reason, or because it is broken, and says why; or else keeps it.
  std::optional<CloseReason> settle(Slot& slot, std::optional<CloseReason> reason);
  void close(Slot& slot, CloseReason reason);
  void closed(Slot& slot);
  int close_idle(CloseReason reason);
  void report_closed(CloseReason reason, int times = 1);
  void on_idle_broken(Slot& slot);
  void on_limit(Slot& slot);
  bool is_slow_canary(Slot& slot);

  // What time does (pool_maintenance.cc).
  void touch(base::TimePoint now);
  void draw_dates(Slot& slot);
  void apply_dates(Slot& slot);
  [[nodiscard]] base::TimePoint keepalive_due(const Slot& slot) const;
  /// When it should be closed if it stays idle; only right for the one that is idle the longest.
  [[nodiscard]] base::TimePoint unneeded_at(const Slot& slot) const;
  void wake_for(const Slot& slot);
  void maintain();
  void close_unneeded(base::TimePoint now, std::vector<CloseReason>& closed);
  void retire_expired(base::TimePoint now, std::vector<CloseReason>& closed);
  void start_keepalive(base::TimePoint now);
  void schedule_maintenance();
  void on_pool_idle();
  /// Closes all that is idle or on its way; says whether a probe was.
  bool fall_asleep(CloseReason reason);

  // Control (pool_control.cc).
  void drop_surplus_connects();
  void finish_drain();

  base::EventLoop& loop_;
  std::shared_ptr<Connector> connector_;
  PoolListener& listener_;
  base::Random& random_;
  ConnectionBudget* const budget_;
  PoolOptions options_;

  SlotTable slots_;
  IdleList idle_;
  ClientTable clients_;
  WaiterQueue waiters_;
  FairShares shares_;
  Refill refill_;
  std::optional<Error> last_connect_error_;
  std::function<void(Status)> probed_;  // set while a probe is under way

  ServiceTime service_time_;
  Codel codel_;
  ConcurrencyLimit limiter_;
  Sizing sizing_;
  int lendable_ = 0;            // connections that may be lent at once
  bool watched_ = false;        // something wants to look every second
  bool canary_wanted_ = false;  // the next connection that gets free is pinged first
  base::Timer second_timer_;
  bool held_ = false;          // who waits is better off waiting
  int brief_ = 0;              // lent connections that should be back soon
  base::Timer overdue_timer_;  // when they should have been, while somebody waits for them
  struct {
    std::int64_t acquired = 0;
    std::int64_t released = 0;
    std::int64_t waited = 0;
  } second_ago_;

  base::Timer retry_timer_;        // the end of the back-off
  base::Timer maintenance_timer_;  // the next idle connection to close, retire or ping
  base::Timer pool_idle_timer_;
  base::Timer probe_timer_;  // how long a probe waits for leave to connect
  base::TimePoint last_used_;
  base::TimePoint active_at_;  // as last_used_, but probes count as well
  base::TimePoint retire_next_at_ = base::TimePoint::min();

  std::uint64_t generation_ = 0;  // raised when all connections are to be replaced
  std::uint64_t suspicion_ = 0;   // raised when idle connections may be dead
  bool doubt_ = false;            // the last ping failed: do not count on those under way
  bool in_use_ = false;           // from the first acquire until the pool idles out
  bool replacing_ = false;        // one more than min_size, so that an old one can go
  bool keepalive_running_ = false;
  bool suspended_ = false;
  bool paused_ = false;
  bool withheld_ = false;     // a connection is wanted that the budget has no leave for
  bool probe_waits_ = false;  // … for a probe
  bool draining_ = false;
  bool serving_ = false;  // serve() is on the stack
  bool serve_again_ = false;
  std::vector<std::function<void()>> drained_;

  std::int64_t created_ = 0;
  std::int64_t connect_errors_ = 0;
  std::int64_t acquired_ = 0;
  std::int64_t released_ = 0;
  std::int64_t waited_ = 0;  // lent to somebody who had waited
  std::int64_t acquire_timeouts_ = 0;
  std::int64_t refused_late_ = 0;
  std::int64_t shed_ = 0;
  std::int64_t pushed_out_ = 0;
  std::array<std::int64_t, kCloseReasons> closed_{};

  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace sluice::pool
