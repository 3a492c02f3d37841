#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "postgres/parameters.h"
#include "postgres/pg_handles.h"
#include "postgres/types.h"

namespace sluice::postgres {

/// What a message to the server is for.
enum class Step : std::uint8_t {
  kHousekeeping,  ///< its failure does not matter
  kSettings,      ///< settings of one statement
  kPrepare,
  kDescribe,
  kTypes,           ///< looks up types
  kStatement,       ///< the caller's statement, row by row
  kSmallStatement,  ///< likewise, but its result comes in one piece
  kSession,         ///< cleans or tries the session
  kSync,            ///< ends a group; after an error the server skips everything up to it
};

[[nodiscard]] inline bool is_statement(Step step) {
  return step == Step::kStatement || step == Step::kSmallStatement;
}

/// Sends messages to the server without waiting, and attributes its answers to them, in order.
/// libpq's pipeline mode, with the bookkeeping that it leaves to its user. Never blocks. The
/// sending functions return false when libpq refuses: the connection is of no more use then. After
/// an error do not send before its step has ended: libpq would swallow the end.
class Pipeline {
 public:
  struct Answer {
    Step step;
    ResultPtr result;  ///< null: this step has ended
  };

  explicit Pipeline(PGconn& connection) : connection_(connection) {}

  [[nodiscard]] bool prepare(Step step, const std::string& name, const std::string& sql,
                             const std::vector<TypeOid>& types);
  [[nodiscard]] bool describe(const std::string& name);
  [[nodiscard]] bool run(Step step, const std::string& name, const ParameterValues& values);
  /// Parses and runs at once, through the unnamed statement.
  [[nodiscard]] bool run_unprepared(Step step, const std::string& sql,
                                    const ParameterValues& values);
  /// Makes the server answer what it was sent so far, without ending the group.
  [[nodiscard]] bool flush_request();
  /// Ends the group.
  [[nodiscard]] bool sync();

  /// Whether answers are outstanding.
  [[nodiscard]] bool waiting() const { return !steps_.empty(); }
  /// The next answer that has arrived; empty: wait for more input.
  [[nodiscard]] std::optional<Answer> next();
  /// Forgets what is outstanding: the connection is lost.
  void clear() { steps_.clear(); }

 private:
  bool sent(int accepted, Step step);
  void begin_step();

  PGconn& connection_;
  std::deque<Step> steps_;
};

}  // namespace sluice::postgres
