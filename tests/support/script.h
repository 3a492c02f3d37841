#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/timer.h"
#include "sluice/error.h"
#include "sluice/query.h"

namespace sluice::testing {

/// Rows as a test writes them; empty is NULL.
using FakeRow = std::vector<std::optional<std::string>>;

/// How a scripted database answers one call. `never` leaves it unanswered until the test answers it
/// by hand (`Script::answer_oldest`).
struct Answer {
  enum class Kind { kOk, kError, kNever };

  Kind kind = Kind::kOk;
  base::Duration after{};      ///< zero: on the loop's next turn
  Error error;                 ///< for kError
  bool loses_session = false;  ///< the connection is broken afterwards
  bool dirties_session = false;
  int echoes = 0;                    ///< so many rows, of one column: the statement's own text
  bool is_flushed = false;           ///< in a batch: its rows come before the others have run
  std::vector<std::string> columns;  ///< of an executed statement; none: it has no result
  std::vector<FakeRow> rows;
  std::size_t lull_every = 0;  ///< after so many rows there are none for a moment; 0: never
  std::string command = "SELECT";
  std::optional<std::int64_t> affected;

  static Answer ok(base::Duration after = {});
  static Answer fails(Error error, base::Duration after = {});
  static Answer never();
  /// Fails with `session_lost`, and the connection is broken.
  static Answer loses_connection(base::Duration after = {});
  static Answer with_rows(std::vector<std::string> columns, std::vector<FakeRow> rows);
  static Answer wrote(std::string command, std::int64_t affected);

  /// The same, later.
  [[nodiscard]] Answer later(base::Duration delay) const;
  /// The same, leaving a session that must be reset.
  [[nodiscard]] Answer dirty() const;
  /// The same, with the statement's own text as its only row, or as all of several.
  [[nodiscard]] Answer echo(int times = 1) const;
  /// The same, with rows that the server sends before the rest of a batch has run.
  [[nodiscard]] Answer flushed() const;
};

/// Errors as the postgres layer would give them.
[[nodiscard]] Error refused_connection();    ///< kDatabaseUnavailable, Fault::kDatabase
[[nodiscard]] Error rejected_credentials();  ///< kConnectionRejected, 28P01, Fault::kCredentials
[[nodiscard]] Error too_many_connections();  ///< kDatabaseUnavailable, 53300, Fault::kOverload
[[nodiscard]] Error session_lost();          ///< kDatabaseUnavailable, outcome unknown
[[nodiscard]] Error sql_error(std::string sqlstate, std::string message,
                              Fault fault = Fault::kCaller);

class Call;

/// The answers to one kind of call: those given for the next calls, then the same for ever.
class Script {
 public:
  Script() = default;
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  void always(Answer answer) { default_ = std::move(answer); }
  void next(Answer answer) { next_.push_back(std::move(answer)); }
  /// Drops the answers that were given for the next calls.
  void forget_next() { next_.clear(); }

  [[nodiscard]] int calls() const { return calls_; }
  /// Unanswered calls (`never`) that are still under way.
  [[nodiscard]] int waiting() const { return static_cast<int>(waiting_.size()); }
  /// Answers the unanswered call that has waited longest, or the newest, at once.
  void answer_oldest(Answer answer);
  void answer_newest(Answer answer);
  /// Answers all unanswered calls at that moment, each on its own loop.
  void answer_all_at(base::TimePoint at, const Answer& answer);

 private:
  friend class Call;
  Answer take();

  Answer default_;
  std::deque<Answer> next_;
  std::vector<Call*> waiting_;
  int calls_ = 0;
};

/// One call under way. Destroying it forgets the call.
class Call {
 public:
  using Finished = std::function<void(const Answer&)>;

  Call(base::EventLoop& loop, Script& script, Finished finished);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Ends it now; `finished` may destroy this.
  void end(Answer answer);
  /// Ends it with that answer at that moment, whatever the script said.
  void end_at(base::TimePoint at, Answer answer);

 private:
  Script& script_;
  Finished finished_;
  Answer answer_;
  base::Timer timer_;
};

}  // namespace sluice::testing
