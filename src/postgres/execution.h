#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pool/connection.h"
#include "postgres/operation.h"
#include "postgres/session.h"
#include "postgres/statement_cache.h"

namespace sluice::postgres {

/// One statement on its way: prepared if need be, its types looked up, its limits set, its rows
/// handed out, its loss judged. A statement that is known costs one write and one round trip.
class Execution final : public Operation {
 public:
  struct User {
    RowSink& sink;
    pool::Connection::Done done;
  };

  /// Whether the group of messages is its own, or that of a Batch, which ends it, or whether a
  /// Transaction says what is sent when.
  enum class Place { kAlone, kFirst, kBehindOthers, kInTransaction };

  /// Starts at once. `query` is not kept.
  Execution(Session& session, const Query& query, const pool::ExecuteOptions& options, User user,
            Place place = Place::kAlone);

  /// How long a short read takes by itself.
  struct ShortRead {
    base::Duration usual;
    base::Duration quickest;  ///< of the last seconds: when the server had nothing else to do
  };
  /// Empty unless it is known here as a short read, which can be sent with others.
  [[nodiscard]] static std::optional<ShortRead> short_read(Session& session, const Query& query);
  /// Whether the statement itself was sent: not if it was refused, or is still being prepared.
  [[nodiscard]] bool sent() const { return sent_; }

  // For a Transaction; see execution_in_transaction.cc.
  enum class Question { kForReal, kTentative };
  /// Whether nothing has to be asked before it is run, or it is known that it must not be run.
  [[nodiscard]] bool ready();
  /// Asks the server for what is not known. A tentative question may fail: `unanswered`.
  void ask(Question question);
  [[nodiscard]] bool unanswered() const { return unanswered_; }
  /// Whether what it asks is asked for by the other already.
  [[nodiscard]] bool asks_the_same(const Execution& other) const;
  /// Sends the statement, and first what holds for the whole transaction. False: it must not be
  /// run, and says why when it reports.
  [[nodiscard]] bool send(bool first);
  [[nodiscard]] bool leaves_session_alone() const { return traits_.clean; }
  /// Whether it cannot fail any more because its result is too large for its user; after
  /// `accept_cut` it will not.
  [[nodiscard]] bool fits_surely() const;
  void accept_cut() { cut_accepted_ = true; }

  void on_answer(const Pipeline::Answer& answer) override;
  void on_lost(const Error& why) override;
  void on_cancel() override;
  [[nodiscard]] bool amid_rows() const override { return rows_given_; }
  void on_lull() override;
  [[nodiscard]] bool paused() const override { return paused_; }
  void resume() override { paused_ = false; }
  [[nodiscard]] bool collects() const override { return collects_ && !columns_given_; }
  void on_outgrown() override { outgrown_ = true; }
  [[nodiscard]] const std::optional<Error>& unusable() const override { return unusable_; }
  [[nodiscard]] bool reports_early() const override { return early_ && !reported_; }
  void report() override;

 private:
  // Getting started.
  void start(const Query& query);
  void begin_building(const std::string& sql);
  [[nodiscard]] Status admit(const Query& query) const;
  void force_types(const std::vector<Param>& params);
  void send_deallocations();
  void send_session_settings();
  void send_settings();
  void send_lookup();
  void send_prepare();
  void send_statement();
  [[nodiscard]] bool commits_after_rows() const;
  void commit_or_undo();
  void refuse(Error error);   // nothing was sent
  void give_up(Error error);  // ends the group that was begun
  void end_group();
  void sync();
  void expect(bool sent);

  // Answers.
  void on_prepare_answer(const PGresult& result);
  void on_described(const PGresult& result);
  void on_statement_answer(const PGresult& result);
  void on_step_end(Step step);
  void on_sync();
  void note_duration();
  [[nodiscard]] bool is_small() const;
  void note_size();
  void on_failure(Step step, const PGresult& result);
  [[nodiscard]] bool has_unfit_value(const Error& error) const;
  void judge_failure(Step step, Error error);
  void leave_batch(const Error& error);
  [[nodiscard]] Error cancelled_too_late() const;
  void on_skipped();
  void leave_to_second_try(std::string_view why);

  // Before the statement runs.
  void after_describe();
  void after_types();
  void set_up_in_transaction(const Query& query);
  [[nodiscard]] Status check_names() const;
  void repair();
  void forget(const Error& error);

  // Rows.
  void on_rows(const PGresult& rows);
  void hand_out(const PGresult& rows, int row);
  void cut(bool too_large);
  void complete(const PGresult& result);
  [[nodiscard]] Result<Completion> outcome();
  /// Nobody can tell whether it ran: losing or repeating it changes nothing.
  [[nodiscard]] bool harmless() const { return read_only_ || traits_.reads; }
  [[nodiscard]] Outcome outcome_if_lost() const {
    if (!sent_) return Outcome::kNotStarted;
    return ending_ || place_ != Place::kAlone ? Outcome::kUnknown : Outcome::kRolledBack;
  }
  [[nodiscard]] bool in_batch() const {
    return place_ == Place::kFirst || place_ == Place::kBehindOthers;
  }
  [[nodiscard]] Error judge_interrupt(Error error) const;
  [[nodiscard]] static Error unknown_type(const std::string& name);

  Session& session_;
  RowSink& sink_;
  pool::Connection::Done done_;
  const base::TimePoint started_;
  std::chrono::milliseconds timeout_;
  const bool internal_;
  const bool in_session_;
  const bool second_try_;
  const Place place_;
  bool read_only_ = false;
  bool unique_names_ = false;
  std::optional<std::int64_t> max_rows_;

  StatementTraits traits_;
  PreparedPtr prepared_;
  std::shared_ptr<PreparedStatement> building_;  // being prepared
  std::vector<TypeOid> forced_types_;            // 0 where inferred; empty: all inferred
  std::vector<Param> params_;                    // kept only until the types are known
  std::vector<std::string> names_to_find_;
  std::vector<TypeOid> types_to_find_;
  std::vector<TypeRow> found_types_;

  int syncs_ = 0;  // sent and not answered
  bool in_transaction_ = false;
  bool from_cache_ = false;
  bool encoded_ = false;
  bool sent_ = false;    // the statement itself
  bool ending_ = false;  // the group's Sync was sent
  bool repairing_ = false;
  bool repaired_ = false;
  bool tentative_ = false;   // what is asked now may fail
  bool unanswered_ = false;  // it has failed
  bool skipped_ = false;     // what was asked or sent last, as one before it failed
  bool cut_accepted_ = false;
  bool cancelled_ = false;
  bool collects_ = false;  // its result comes in one piece
  bool outgrown_ = false;  // and is too large for that
  bool columns_given_ = false;
  bool paused_ = false;
  bool rows_given_ = false;  // since the last lull
  bool cut_off_ = false;     // cancelled while paused: rows are missing
  bool undone_ = false;      // cancelled, and rolled back for that
  bool discarding_ = false;
  bool too_large_ = false;
  bool early_ = false;
  bool reported_ = false;
  std::optional<Error> failure_;
  std::optional<Error> unusable_;
  Completion completion_;
  std::int64_t bytes_ = 0;  // of text in the rows so far
  std::vector<Cell> cells_;
};

}  // namespace sluice::postgres
