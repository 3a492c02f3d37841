#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/event_loop.h"
#include "base/time.h"
#include "base/timer.h"
#include "breaker/breaker.h"
#include "manager/client_session.h"
#include "manager/live_call.h"
#include "manager/operation.h"
#include "manager/router.h"
#include "pool/pool.h"
#include "sluice/query.h"
#include "sluice/result.h"
#include "sluice/stats.h"

namespace sluice::manager {

class Shard;

/// One statement of an execution, and who gets its rows.
struct Step {
  Query query;
  std::shared_ptr<RowSink> sink;
  bool internal = false;                                ///< transaction control of ours
  std::function<void(const Completion&)> on_completed;  ///< may be empty
};

/// What to run on one connection, and by when. Several steps are one transaction, whose first and
/// last step are ours (BEGIN, COMMIT).
struct Plan {
  std::vector<Step> steps;
  base::Deadline deadline;
  base::Duration timeout;                        ///< the whole patience, for margins and backstops
  base::EventLoop* reply_to = nullptr;           ///< where `done` runs; null: on the home worker
  std::function<void(Result<Completion>)> done;  ///< once; the completion of the last step
  const Origin* origin = nullptr;                ///< who asks; lives until `done` has been called
  bool read_only = false;                        ///< of all steps
  Route route = Route::kPrimary;                 ///< which of several hosts
  /// Of a stream, whose deadline is far: how long it waits for a row. Zero: it is none.
  base::Duration silence{};
  bool keeps_nothing = false;           ///< as in pool::TransactionOrder
  std::shared_ptr<SessionUse> session;  ///< null: it runs on any connection
};

/// The life of one call at its database: permit → connection → rows → settle. Created anywhere,
/// started and run on the shard's thread, kept alive by whatever it waits for. Answers exactly
/// once, by its deadline, whatever the server does; the connection may stay busy a little longer.
/// Timers: the cancel goes out 10 % (at most 100 ms) before the deadline; the answer is given at
/// the deadline at the latest; 500 ms after it (streams: 5 s) a server that has not even answered
/// the cancel counts as hung, and its socket is shut down.
/// A statement in a batch shares its connection, and is not cancelled while others wait for theirs.
/// When nothing has come for 20 ms, each of the batch leaves what was sent to its fate, and is run
/// once more on a connection of its own; the last one cancels. The same is done when it was not
/// run, or lost its connection, because of its neighbours. All of them are reads. A connection may
/// ask for a second try in other cases, too.
/// A stream (its sink pauses) also ends when the server gives no row for Plan::silence, as if that
/// had been its deadline. Pauses are not counted, neither there nor as the database's time.
class Execution final : public RowSink, public std::enable_shared_from_this<Execution> {
 public:
  Execution(std::shared_ptr<Shard> shard, Plan plan);
  ~Execution() override;

  /// The shard's thread only, all of them.
  void start();
  /// The caller has no more use for the answer: queued work is dropped, running work cancelled.
  void cancel();
  /// As `cancel`, for a drain that ran out of patience.
  void cancel_for_drain();
  /// As `cancel`, by an operator.
  void cancel_by(const std::string& actor);
  /// As `cancel`, as the session is over that it runs in.
  void cancel_for_session(SessionEnd why);
  /// Some host has another role now; with several hosts.
  void roles_changed();
  /// What there is to see of it; empty once its caller has been answered.
  [[nodiscard]] std::optional<LiveCall> look() const;
  /// Counts it among the streams, if it is one that has a connection.
  void count_in(StreamStats& streams) const;
  /// Since when it has a connection; empty while it has none.
  [[nodiscard]] std::optional<base::TimePoint> holds_since() const;
  /// What a caller is told who waited for its connection in vain. No client is told of another's
  /// statements.
  [[nodiscard]] Holder as_holder(const Asker& asker) const;

  /// The loop it lives on; any thread.
  [[nodiscard]] base::EventLoop& home() const { return home_; }
  [[nodiscard]] Shard& shard() { return *shard_; }
  [[nodiscard]] std::shared_ptr<Shard> shared_shard() { return shard_; }

  void on_columns(const std::vector<Column>& columns) override;
  RowVerdict on_row(std::span<const Cell> cells) override;
  void on_lull() override;
  [[nodiscard]] bool may_pause() const override;

 private:
  friend class Shard;
  enum class State { kNew, kRouting, kQueued, kRunning, kReplaced, kEnded };
  enum class Alarm { kUnsettled, kStalled, kSilent, kCancel, kAnswer, kAbandon };

  void route();
  void on_routed(Result<std::shared_ptr<Shard>> chosen);
  void begin();
  [[nodiscard]] bool permitted();
  void enqueue();
  void borrow();
  void on_lease(Result<pool::Lease> lease);
  void arm(Alarm first);
  void pause();
  void resume();
  void end_pause();
  void arm_for_silence();
  void on_silence();
  void run();
  void run_transaction(const pool::ExecuteOptions& options, pool::Connection::Done done);
  void on_done(Result<Completion> result);
  void step_done(const Completion& completion);
  void on_alarm();
  void on_stall();
  void abandon();
  void stop_early(Error error);
  void ask_to_stop();
  void finish(Result<Completion> result);
  void leave(const Result<Completion>& result);
  [[nodiscard]] std::optional<Error> session_refusal() const;
  void on_unsettled();
  void give_connection_back(bool well);
  void answer(Result<Completion> result);
  [[nodiscard]] Wish wish() const;
  [[nodiscard]] bool moves_on(const Error& error) const;
  void move_on();
  void name_holders(Error& error) const;
  [[nodiscard]] bool may_run_again() const;
  [[nodiscard]] bool needs_second_try(const Error& error) const;
  void run_alone(const Error& error);
  void run_alone_elsewhere();
  Error judged(Error error) const;
  [[nodiscard]] bool cancel_was_impossible(const Error& error) const;
  Error timeout_error(Outcome outcome) const;
  [[nodiscard]] Operation operation() const;
  [[nodiscard]] LiveCall::Phase phase() const;
  [[nodiscard]] Timings timings_so_far() const;
  [[nodiscard]] base::Duration running_time() const;
  [[nodiscard]] bool is_stream() const { return plan_.silence.count() > 0; }
  [[nodiscard]] bool is_transaction() const { return plan_.steps.size() > 1; }

  base::EventLoop& home_;
  std::shared_ptr<Shard> shard_;  // with several hosts: of the one that was chosen
  Plan plan_;
  State state_ = State::kNew;
  bool answered_ = false;
  bool asked_to_stop_ = false;  // though the cancel may have to wait for others of its batch
  bool cancel_sent_ = false;
  bool hung_ = false;
  bool given_up_ = false;  // its socket was shut down
  bool began_answering_ = false;
  bool alone_ = false;  // runs again, and in no batch
  const bool opens_session_;
  bool moved_ = false;  // failed at one host, and was sent to another
  std::size_t step_ = 0;
  std::size_t running_index_ = 0;  // place in the shard's list
  std::uint64_t number_ = 0;       // for operators to name it by
  pool::ClientId client_ = 0;      // whose share of the pool it takes
  pool::WaiterId waiter_ = 0;
  Router::WaitId routing_ = 0;
  std::optional<std::size_t> avoid_;  // the host that has failed it
  base::TimePoint failed_at_{};
  breaker::Permit permit_;
  std::optional<pool::Errand> errand_;      // of a single statement
  std::shared_ptr<ClientSession> session_;  // whose connection it runs on
  pool::Lease lease_;
  Alarm alarm_ = Alarm::kCancel;
  base::Timer timer_;
  base::TimePoint queued_at_{};
  base::TimePoint sent_at_{};
  base::TimePoint heard_at_{};                // of a stream: its last row
  std::optional<base::TimePoint> paused_at_;  // while it is paused
  base::Duration paused_for_{};               // before that
  Timings timings_;
  std::weak_ptr<Execution> successor_;      // runs instead of this one
  std::shared_ptr<Execution> predecessor_;  // kept: its caller may still cancel it
};

}  // namespace sluice::manager
