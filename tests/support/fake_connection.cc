#include "support/fake_connection.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace sluice::testing {

/// A connect under way.
class FakeConnect final : public pool::ConnectAttempt {
 public:
  FakeConnect(FakeDatabase& database, base::EventLoop& loop, base::Deadline deadline,
              pool::Connector::Connected connected)
      : database_(database),
        loop_(loop),
        connected_(std::move(connected)),
        too_late_(loop.timers(), [this] { end(Answer::fails(timeout())); }),
        call_(loop, database.connects, [this](const Answer& answer) { end(answer); }) {
    ++database_.connecting_;
    database_.most_connecting_ = std::max(database_.most_connecting_, database_.connecting_);
    if (database_.keeps_connect_deadline) too_late_.arm(deadline.at());
  }
  ~FakeConnect() override { leave(); }

 private:
  static Error timeout() {
    Error error = refused_connection();
    error.code = ErrorCode::kConnectTimeout;
    error.message = "nothing answered within the connect timeout";
    return error;
  }

  void leave() {
    if (std::exchange(left_, true)) return;
    --database_.connecting_;
  }

  void end(const Answer& answer) {
    leave();
    too_late_.disarm();
    const auto connected = std::exchange(connected_, nullptr);
    if (!connected) return;  // it was too late
    if (answer.kind == Answer::Kind::kError) return connected(fail(answer.error));
    connected(std::make_unique<FakeConnection>(database_, loop_));  // may destroy this
  }

  FakeDatabase& database_;
  base::EventLoop& loop_;
  pool::Connector::Connected connected_;
  bool left_ = false;
  base::Timer too_late_;
  Call call_;
};

namespace {

class FakeConnector final : public pool::Connector {
 public:
  FakeConnector(FakeDatabase& database, base::EventLoop& loop) : database_(database), loop_(loop) {}
  [[nodiscard]] std::unique_ptr<pool::ConnectAttempt> connect(base::Deadline deadline,
                                                              Connected connected) override {
    return std::make_unique<FakeConnect>(database_, loop_, deadline, std::move(connected));
  }

 private:
  FakeDatabase& database_;
  base::EventLoop& loop_;
};

std::vector<Column> columns_of(const Answer& answer) {
  std::vector<Column> columns;
  for (const auto& name : answer.columns) {
    Column column;
    column.name = name;
    column.type = "text";
    column.oid = 25;
    columns.push_back(std::move(column));
  }
  return columns;
}

void echo(Answer& answer, const std::string& sql) {
  const auto rows = static_cast<std::size_t>(answer.echoes);
  if (rows > 0) answer.rows.assign(rows, FakeRow{sql});
}

std::vector<Cell> cells_of(const FakeRow& row) {
  std::vector<Cell> cells;
  for (const auto& value : row) {
    cells.push_back(value ? Cell{value->data(), value->size()} : Cell{});
  }
  return cells;
}

}  // namespace

/// Rows on their way to a sink.
struct FakeConnection::Delivery {
  Delivery(Answer given, std::optional<std::int64_t> limit, RowSink& rows_sink, Done told)
      : answer(std::move(given)),
        columns(columns_of(answer)),
        max_rows(limit),
        sink(rows_sink),
        done(std::move(told)) {
    completion.command = answer.command;
    completion.affected = answer.affected;
    if (!columns.empty()) sink.on_columns(columns);
  }

  /// Until there are no more, or the sink pauses: false.
  bool go_on() {
    if (columns.empty()) return true;
    while (next < answer.rows.size() && !completion.truncated) {
      const auto cells = cells_of(answer.rows[next]);
      completion.truncated = max_rows && completion.rows >= *max_rows;
      if (completion.truncated) break;
      ++next;
      const RowVerdict verdict = sink.on_row(cells);
      completion.truncated = verdict == RowVerdict::kTooLarge;
      if (!completion.truncated) ++completion.rows;
      if (verdict == RowVerdict::kPause) return false;
      if (answer.lull_every > 0 && next % answer.lull_every == 0) sink.on_lull();
    }
    return true;
  }

  Answer answer;
  std::vector<Column> columns;
  std::optional<std::int64_t> max_rows;
  RowSink& sink;
  Done done;
  Completion completion;
  std::size_t next = 0;
};

FakeConnection::FakeConnection(FakeDatabase& database, base::EventLoop& loop)
    : database_(database), loop_(loop), number_(++database.opened_) {
  database_.connections_.push_back(this);
  database_.most_live_ = std::max(database_.most_live_, database_.live());
}

FakeConnection::~FakeConnection() {
  tell_end(nullptr);
  std::erase(database_.connections_, this);
}

void FakeConnection::tell_end(const Answer* answer) {
  const std::string sql = std::exchange(alone_, {});
  if (!sql.empty() && database_.on_end) database_.on_end(*this, sql, answer);
}

void FakeConnection::require_idle(const char* what) const {
  const std::string name = what;
  if (paused_ || (call_ && !batch_is_open_))
    throw std::logic_error(name + " while something else runs on the connection");
  if (broken_) throw std::logic_error(name + " on a broken connection");
  if (detached_) throw std::logic_error(name + " on a detached connection");
  if (!loop_.is_current()) throw std::logic_error(name + " on another loop's thread");
}

void FakeConnection::start(Script& script, Call::Finished finished) {
  call_ = std::make_unique<Call>(loop_, script,
                                 [this, told = std::move(finished)](const Answer& answer) {
                                   const auto ended = std::move(call_);
                                   executing_ = false;
                                   if (answer.loses_session) broken_ = true;
                                   if (answer.dirties_session) dirty_ = true;
                                   told(answer);  // may destroy this
                                 });
}

void FakeConnection::end_status(const Ended& ended, const Answer& answer) {
  if (answer.kind == Answer::Kind::kError) return ended(fail(answer.error));
  ended({});
}

std::optional<base::Duration> FakeConnection::short_read(const pool::Errand& errand) {
  if (!database_.shares || !database_.shares(errand.query)) return std::nullopt;
  return database_.short_reads_take;
}

bool FakeConnection::may_join(const pool::Errand& errand) {
  return batch_is_open_ && !broken_ && database_.shares(errand.query);
}

void FakeConnection::run_batch(std::size_t from) {
  start(database_.script_of(batch_[from].sql), [this, from](const Answer& answer) {
    batch_is_open_ = false;
    batch_[from].answer = answer;
    if (answer.is_flushed) {
      batch_[from].delivered = delivery_to(batch_[from]);
      batch_[from].delivered->go_on();
    }
    const bool goes_on = answer.kind == Answer::Kind::kOk && !broken_;
    goes_on&& from + 1 < batch_.size() ? run_batch(from + 1) : end_batch();
  });
  executing_ = true;
}

std::unique_ptr<FakeConnection::Delivery> FakeConnection::delivery_to(Member& member) {
  echo(*member.answer, member.sql);
  return std::make_unique<Delivery>(*member.answer, member.max_rows, member.sink,
                                    std::move(member.done));
}

void FakeConnection::end_batch() {
  Error unanswered = session_lost();
  unanswered.retryable = true;
  if (!broken_) unanswered.outcome = Outcome::kNotStarted;  // skipped, as one before it failed
  const bool lost = broken_;
  for (Member& member : std::exchange(batch_, {})) {  // the last one may destroy this
    if (member.delivered && lost) {
      member.delivered->done(fail(unanswered));
    } else if (lost || !member.answer) {
      member.done(fail(unanswered));
    } else if (member.answer->kind == Answer::Kind::kError) {
      member.done(fail(member.answer->error));
    } else {
      deliver(member.delivered ? std::move(member.delivered) : delivery_to(member));
    }
  }
}

void FakeConnection::execute(const Query& query, const pool::ExecuteOptions& options, RowSink& sink,
                             Done done) {
  require_idle("execute");
  note(query);
  const bool begins_batch = options.first_of_batch && database_.shares && database_.shares(query);
  if (begins_batch || batch_is_open_) {
    batch_.push_back({query.sql, query.max_rows, sink, std::move(done), {}});
    if (!std::exchange(batch_is_open_, true)) run_batch(0);
    return;
  }
  alone_ = query.sql;
  start(database_.script_of(query.sql), [this, &sink, done = std::move(done), sql = query.sql,
                                         limit = query.max_rows](Answer answer) {
    tell_end(&answer);
    if (answer.kind == Answer::Kind::kError) return done(fail(answer.error));
    echo(answer, sql);
    deliver(std::make_unique<Delivery>(std::move(answer), limit, sink, done));
  });
  executing_ = true;
}

/// What the sink does with its rows may destroy this, but only when they are over.
void FakeConnection::deliver(std::unique_ptr<Delivery> delivery) {
  if (delivery->go_on()) return delivery->done(std::move(delivery->completion));
  paused_ = std::move(delivery);
}

void FakeConnection::resume() {
  if (!paused_) return;
  resuming_ = std::make_unique<base::Timer>(loop_.timers(), [this] {
    if (auto delivery = std::move(paused_)) deliver(std::move(delivery));
  });
  resuming_->arm(loop_.now());
}

void FakeConnection::end_pause(Error error) {
  const auto delivery = std::move(paused_);
  delivery->done(fail(std::move(error)));
}

void FakeConnection::note(const Query& query) {
  if (database_.on_execute) database_.on_execute(*this, query);
  if (query.sql.starts_with("BEGIN")) in_transaction_ = true;
  if (query.sql == "COMMIT" || query.sql == "ROLLBACK") in_transaction_ = false;
  database_.log_.push_back(query.sql);
  ++executed_;
}

/// One part after the other: the end is not sent before all others have been answered.
void FakeConnection::transact(const pool::TransactionOrder& order, const pool::ExecuteOptions&,
                              RowSink& sink, Done done) {
  require_idle("transact");
  const auto run =
      std::make_shared<TransactionRun>(TransactionRun{{}, order.part_done, sink, std::move(done)});
  for (const auto& part : order.parts) run->parts.push_back(part.query);
  run_part(run, 0);
}

void FakeConnection::run_part(const std::shared_ptr<TransactionRun>& run, std::size_t index) {
  const Query& query = run->parts[index];
  note(query);
  alone_ = query.sql;
  start(database_.script_of(query.sql), [this, run, index](Answer answer) {
    tell_end(&answer);
    const Query& part = run->parts[index];
    if (answer.kind == Answer::Kind::kError) return part_ended(run, index, fail(answer.error));
    echo(answer, part.sql);
    deliver(std::make_unique<Delivery>(
        std::move(answer), part.max_rows, run->sink,
        [this, run, index](const Result<Completion>& done) { part_ended(run, index, done); }));
  });
  executing_ = true;
}

void FakeConnection::part_ended(const std::shared_ptr<TransactionRun>& run, std::size_t index,
                                Result<Completion> done) {
  const bool last = index + 1 == run->parts.size();
  if (!done && !last) done.error().outcome = Outcome::kRolledBack;
  if (!done || last) return run->done(std::move(done));
  run->part_done(*done);
  if (cancelled_) return run->done(fail(sql_error("57014", "canceling statement")));
  run_part(run, index + 1);
}

void FakeConnection::cancel() {
  if ((!executing_ && !paused_) || cancel_) return;
  cancelled_ = true;
  cancel_ = std::make_unique<Call>(loop_, database_.cancels, [this](const Answer& answer) {
    const auto ended = std::move(cancel_);
    if ((!executing_ && !paused_) || answer.kind != Answer::Kind::kOk) return;
    const auto cancelled = sql_error("57014", "canceling statement due to user request");
    if (paused_) return end_pause(cancelled);
    call_->end(Answer::fails(cancelled));
  });
}

void FakeConnection::abandon() {
  broken_ = true;
  if (paused_) return end_pause(session_lost());
  if (call_) call_->end_at(loop_.now(), Answer::loses_connection());
}

void FakeConnection::ping(Ended ended) {
  require_idle("ping");
  start(database_.pings,
        [this, ended = std::move(ended)](const Answer& answer) { end_status(ended, answer); });
}

void FakeConnection::reset(ResetPolicy, Ended ended) {
  require_idle("reset");
  cancel_.reset();  // it would be waited for
  cancelled_ = false;
  start(database_.resets, [this, ended = std::move(ended)](const Answer& answer) {
    if (answer.kind == Answer::Kind::kOk) dirty_ = in_transaction_ = false;
    end_status(ended, answer);
  });
}

void FakeConnection::settle(Ended ended) {
  require_idle("settle");
  cancel_.reset();  // it would be waited for
  cancelled_ = false;
  start(database_.settles,
        [this, ended = std::move(ended)](const Answer& answer) { end_status(ended, answer); });
}

void FakeConnection::close(std::function<void()> closed) {
  require_idle("close");
  start(database_.closes, [closed = std::move(closed)](const Answer&) { closed(); });
}

bool FakeConnection::needs_reset(ResetPolicy policy) const {
  if (policy == ResetPolicy::kAlways || in_transaction_ || cancelled_) return true;
  return policy == ResetPolicy::kDirty && dirty_;
}

void FakeConnection::detach() {
  require_idle("detach");
  detached_ = true;
}

void FakeConnection::attach() {
  if (!detached_) throw std::logic_error("attach of a connection that is not detached");
  detached_ = false;
  dirty_ = true;
}

std::string FakeConnection::server_version() const { return database_.server_version; }

void FakeConnection::lose() {
  broken_ = true;
  if (paused_) return end_pause(session_lost());
  if (call_) return call_->end(Answer::loses_connection());
  if (!detached_) speak();
}

void FakeConnection::speak() {
  // Once, as the seam says; moved out, because the pool may destroy this connection.
  if (const auto told = std::exchange(idle_broken_, nullptr)) told();
}

Script& FakeDatabase::statement(const std::string& sql) {
  auto& script = statements_[sql];
  if (!script) script = std::make_unique<Script>();
  return *script;
}

Script& FakeDatabase::script_of(const std::string& sql) {
  const auto found = statements_.find(sql);
  return found == statements_.end() ? executes : *found->second;
}

std::shared_ptr<pool::Connector> FakeDatabase::connector(base::EventLoop& loop) {
  return std::make_shared<FakeConnector>(*this, loop);
}

void FakeDatabase::lose_all() {
  const auto before = connections_;
  for (FakeConnection* connection : before) {
    if (std::find(connections_.begin(), connections_.end(), connection) != connections_.end()) {
      connection->lose();
    }
  }
}

FakeDatabase& FakeConnectorFactory::database(const std::string& name) {
  auto& database = databases_[name];
  if (!database) database = std::make_unique<FakeDatabase>();
  return *database;
}

std::unique_ptr<pool::Connector> FakeConnectorFactory::make(const Target& target,
                                                            const DatabaseOptions&,
                                                            base::EventLoop& loop) {
  ++made_;
  return std::make_unique<FakeConnector>(database(by_host ? target.host : target.database), loop);
}

}  // namespace sluice::testing
