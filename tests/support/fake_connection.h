#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "pool/connection.h"
#include "support/script.h"

namespace sluice::testing {

class FakeDatabase;

/// A connection to a FakeDatabase. Statements of a batch run one after the other and are answered
/// together. It holds its user to the seam's rules: two things at once, or
/// anything on a broken or detached connection, or on another loop's thread, throw
/// std::logic_error. BEGIN, COMMIT and ROLLBACK are understood.
class FakeConnection final : public pool::Connection {
 public:
  FakeConnection(FakeDatabase& database, base::EventLoop& loop);
  ~FakeConnection() override;

  void execute(const Query& query, const pool::ExecuteOptions& options, RowSink& sink,
               Done done) override;
  [[nodiscard]] std::optional<base::Duration> short_read(const pool::Errand& errand) override;
  void transact(const pool::TransactionOrder& order, const pool::ExecuteOptions& options,
                RowSink& sink, Done done) override;
  [[nodiscard]] bool may_join(const pool::Errand& errand) override;
  void cancel() override;
  void resume() override;
  void abandon() override;
  void ping(Ended ended) override;
  void reset(ResetPolicy policy, Ended ended) override;
  void settle(Ended ended) override;
  [[nodiscard]] bool unsettled() const override { return cancelled_; }
  [[nodiscard]] bool in_transaction() const override { return in_transaction_; }
  void close(std::function<void()> closed) override;
  [[nodiscard]] bool needs_reset(ResetPolicy policy) const override;
  [[nodiscard]] bool broken() const override { return broken_; }
  void on_idle_broken(std::function<void()> broken) override { idle_broken_ = std::move(broken); }
  void detach() override;
  void attach() override;
  [[nodiscard]] void* native() override { return this; }
  [[nodiscard]] std::string server_version() const override;

  /// The server ends the session now, whatever runs.
  void lose();
  /// The server says something nobody asked for while nothing runs.
  void speak();
  void make_dirty() { dirty_ = true; }
  void open_transaction() { in_transaction_ = true; }
  [[nodiscard]] int number() const { return number_; }  ///< 1 for the first one opened
  [[nodiscard]] base::EventLoop& loop() const { return loop_; }
  [[nodiscard]] bool busy() const { return call_ || paused_; }
  [[nodiscard]] bool paused() const { return paused_ != nullptr; }
  [[nodiscard]] bool detached() const { return detached_; }
  [[nodiscard]] int executed() const { return executed_; }

 private:
  struct TransactionRun {
    std::vector<Query> parts;
    std::function<void(const Completion&)> part_done;
    RowSink& sink;
    Done done;
  };

  struct Delivery;
  struct Member {
    std::string sql;
    std::optional<std::int64_t> max_rows;
    RowSink& sink;
    Done done;
    std::optional<Answer> answer;
    std::unique_ptr<Delivery> delivered;  // of what was flushed
  };

  void require_idle(const char* what) const;
  void note(const Query& query);
  void run_part(const std::shared_ptr<TransactionRun>& run, std::size_t index);
  void part_ended(const std::shared_ptr<TransactionRun>& run, std::size_t index,
                  Result<Completion> done);
  void start(Script& script, Call::Finished finished);
  void tell_end(const Answer* answer);
  void end_status(const Ended& ended, const Answer& answer);
  void run_batch(std::size_t from);
  static std::unique_ptr<Delivery> delivery_to(Member& member);
  void end_batch();
  void deliver(std::unique_ptr<Delivery> delivery);
  void end_pause(Error error);

  FakeDatabase& database_;
  base::EventLoop& loop_;
  const int number_;
  std::unique_ptr<Call> call_;
  std::unique_ptr<Delivery> paused_;
  std::unique_ptr<base::Timer> resuming_;
  bool executing_ = false;
  std::string alone_;  // what runs, unless it is a batch
  std::unique_ptr<Call> cancel_;
  bool cancelled_ = false;  // since the last reset
  std::function<void()> idle_broken_;
  bool broken_ = false;
  bool dirty_ = false;
  std::vector<Member> batch_;
  bool batch_is_open_ = false;
  bool in_transaction_ = false;
  bool detached_ = false;
  int executed_ = 0;
};

/// A database that does as it is told. Every kind of call answers `ok` on the loop's next turn
/// unless its script says otherwise:
///
///   FakeDatabase database;
///   database.connects.next(Answer::fails(refused_connection()));
///   database.pings.always(Answer::never());
///   database.statement("SELECT 1").always(Answer::with_rows({"one"}, {{"1"}}));
///   Pool pool(options, {loop, database.connector(loop), listener, random});
///
/// One thread. It must outlive its connectors and connections.
class FakeDatabase {
 public:
  FakeDatabase() = default;
  FakeDatabase(const FakeDatabase&) = delete;
  FakeDatabase& operator=(const FakeDatabase&) = delete;

  Script connects;
  Script pings;
  Script resets;
  Script settles;
  Script closes;
  Script executes;  ///< for statements that have no script of their own
  Script cancels;   ///< ok: what runs ends with 57014

  /// The script of one statement, by its exact text.
  Script& statement(const std::string& sql);

  [[nodiscard]] std::shared_ptr<pool::Connector> connector(base::EventLoop& loop);

  /// Open connections, in the order of opening.
  [[nodiscard]] const std::vector<FakeConnection*>& connections() const { return connections_; }
  [[nodiscard]] int live() const { return static_cast<int>(connections_.size()); }
  [[nodiscard]] int most_live() const { return most_live_; }
  [[nodiscard]] int opened() const { return opened_; }
  /// Connects under way.
  [[nodiscard]] int connecting() const { return connecting_; }
  [[nodiscard]] int most_connecting() const { return most_connecting_; }
  /// Every statement executed so far.
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }

  /// Ends every session, as a restart of the server does.
  void lose_all();

  /// Whether a statement may be one of a batch; none may while this is empty.
  std::function<bool(const Query&)> shares;
  /// How long those usually take, it says.
  base::Duration short_reads_take = std::chrono::microseconds(50);
  /// Told of every statement before it is executed.
  std::function<void(FakeConnection&, const Query&)> on_execute;
  /// Told how every statement ended that was in no batch; null: nobody waits for its answer any
  /// more, and the server may do with it what it likes.
  std::function<void(FakeConnection&, const std::string& sql, const Answer*)> on_end;

  std::string server_version = "15.8";
  /// False: an unanswered connect stays unanswered even after its deadline.
  bool keeps_connect_deadline = true;

 private:
  friend class FakeConnection;
  friend class FakeConnect;
  Script& script_of(const std::string& sql);

  std::map<std::string, std::unique_ptr<Script>> statements_;
  std::vector<FakeConnection*> connections_;
  std::vector<std::string> log_;
  int opened_ = 0;
  int most_live_ = 0;
  int connecting_ = 0;
  int most_connecting_ = 0;
};

/// Makes connectors to fake databases by the target's database name, or by its host's; an unknown
/// name is a new database that answers `ok`. One thread.
class FakeConnectorFactory : public pool::ConnectorFactory {
 public:
  FakeDatabase& database(const std::string& name);
  [[nodiscard]] std::unique_ptr<pool::Connector> make(const Target& target,
                                                      const DatabaseOptions& options,
                                                      base::EventLoop& loop) override;
  [[nodiscard]] int made() const { return made_; }

  bool by_host = false;

 private:
  std::map<std::string, std::unique_ptr<FakeDatabase>> databases_;
  int made_ = 0;
};

}  // namespace sluice::testing
