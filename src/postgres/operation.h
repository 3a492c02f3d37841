#pragma once

#include <optional>

#include "postgres/pipeline.h"
#include "sluice/result.h"

namespace sluice::postgres {

/// Something that runs on a session: a statement, a ping, a reset. It sends messages, hears their
/// answers, and ends when none is outstanding. The connection drives it, and says when to report.
class Operation {
 public:
  virtual ~Operation() = default;

  /// One answer; more may be sent in return.
  virtual void on_answer(const Pipeline::Answer& answer) = 0;
  /// The connection is lost. Nothing more will be answered.
  virtual void on_lost(const Error& why) = 0;
  /// A cancel request is on its way: send nothing that it could not stop.
  virtual void on_cancel() {}
  /// Whether libpq collects its result, so that what arrives must be watched.
  [[nodiscard]] virtual bool collects() const { return false; }
  /// That is more than may be collected; it will be cancelled.
  virtual void on_outgrown() {}
  /// Whether it has handed out rows since the last lull, so that more are probably on their way.
  [[nodiscard]] virtual bool amid_rows() const { return false; }
  /// All that has arrived was answered for, and more is awaited.
  virtual void on_lull() {}
  /// Whether its user takes no more for now. A cancel ends that.
  [[nodiscard]] virtual bool paused() const { return false; }
  virtual void resume() {}
  /// Whether the session cannot be used any more, although the socket lives.
  [[nodiscard]] virtual const std::optional<Error>& unusable() const = 0;
  /// Whether there is something to report before the operation has ended.
  [[nodiscard]] virtual bool reports_early() const { return false; }
  /// Tells the user how it ended, unless it did so before. The user may destroy the connection, and
  /// this operation with it, so that it is the last thing to do.
  virtual void report() = 0;
};

}  // namespace sluice::postgres
