#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "postgres/execution.h"
#include "postgres/operation.h"
#include "postgres/session.h"

namespace sluice::postgres {

/// Short reads that are sent together, in one group with one Sync at its end: the server wakes once
/// for all of them, runs them as one read-only transaction, and answers them with one message. They
/// are reported together, when the Sync is answered. A statement that fails takes those behind it
/// with it: they were not run. Takes more until `close`, which must come before anything is
/// awaited.
class Batch final : public Operation {
 public:
  explicit Batch(Session& session) : session_(session) {}

  /// Whether it may go along: with the same time limit, as that is set once for all, and unless the
  /// others would have to wait for long.
  [[nodiscard]] bool takes(const Query& query, const pool::ExecuteOptions& options) const;
  void add(const Query& query, const pool::ExecuteOptions& options, Execution::User user);
  /// Ends the group.
  void close();

  void on_answer(const Pipeline::Answer& answer) override;
  void on_lost(const Error& why) override;
  void on_cancel() override;
  [[nodiscard]] bool collects() const override;
  void on_outgrown() override;
  [[nodiscard]] const std::optional<Error>& unusable() const override { return unusable_; }
  void report() override;

 private:
  /// The one that answers belong to now.
  [[nodiscard]] Execution* current();
  void note_unusable(const Execution& member);

  Session& session_;
  std::vector<std::unique_ptr<Execution>> members_;
  std::size_t answered_ = 0;  // of the members, from the first
  base::Duration timeout_{};
  bool settings_sent_ = false;
  base::Duration expected_{};  // to run all of them
  std::optional<Error> unusable_;
};

}  // namespace sluice::postgres
