#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pool/connection.h"
#include "postgres/execution.h"
#include "postgres/operation.h"
#include "postgres/session.h"

namespace sluice::postgres {

/// Statements that are one transaction, in as few round trips as can be: one when all of them are
/// known here. What is not known is asked for all at once before the transaction begins; what comes
/// after a statement that may change its meaning (CREATE TABLE, SET, an unknown function) is asked
/// for when that one has run. Whatever fails, fails as if they were sent one by one: a question
/// that comes too early may fail, and is asked again when its turn has come.
/// The end is sent along with the rest unless a result may still turn out to be too large.
class Transaction final : public Operation {
 public:
  struct User {
    RowSink& sink;
    pool::Connection::Done done;
  };

  Transaction(Session& session, const pool::TransactionOrder& order,
              const pool::ExecuteOptions& options, User user);

  void on_answer(const Pipeline::Answer& answer) override;
  void on_lost(const Error& why) override;
  void on_cancel() override;
  [[nodiscard]] const std::optional<Error>& unusable() const override { return unusable_; }
  void report() override;

 private:
  // Rounds.
  void advance();
  [[nodiscard]] std::size_t first_unready();
  [[nodiscard]] bool may_ask_before_beginning(std::size_t from) const;
  void ask_all(std::size_t from, Execution::Question first);
  void ask(Execution& member, Execution::Question question);
  void begin_trying();
  void end_trying();
  void run(std::size_t end);
  [[nodiscard]] bool send(Execution& member);
  [[nodiscard]] bool end_may_go_along() const;
  void command(const std::string& sql);
  void sync();
  void expect(bool sent);
  void send_deallocations();

  // Answers.
  void note_unusable(const Execution& member, const PGresult* result);
  void on_housekeeping(const PGresult* result);
  void on_sync(const PGresult* result);
  void on_part_done(Result<Completion> result);
  [[nodiscard]] Outcome outcome_if_lost() const;
  [[nodiscard]] std::size_t last() const { return members_.size() - 1; }

  Session& session_;
  const bool keeps_nothing_;
  const std::function<void(const Completion&)> tell_part_done_;
  pool::Connection::Done done_;
  std::vector<std::unique_ptr<Execution>> members_;
  std::deque<Execution*> answering_;  // whose answers come next
  std::size_t done_count_ = 0;        // of the members, from the first
  std::size_t sent_count_ = 0;
  int syncs_ = 0;  // sent and not answered
  bool cancelled_ = false;
  std::optional<Completion> completion_;
  std::optional<Error> failure_;
  std::optional<Error> unusable_;
};

}  // namespace sluice::postgres
