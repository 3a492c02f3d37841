#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/client/failure.h"
#include "app/commands/session.h"

namespace sluice::app::commands {

/// Standard output, while rows go there as they come.
class RowOutput {
 public:
  explicit RowOutput(Session& session) : session_(session) {}

  /// Whole lines, each with its LF. False: no more can be written.
  bool write(std::string_view lines);
  /// Whether whoever read them has gone, as `head` does.
  [[nodiscard]] bool reader_has_gone() const;
  /// Why nothing can be written, apart from that.
  [[nodiscard]] client::Outcome<void> problem() const;

 private:
  Session& session_;
  int problem_ = 0;  // errno
};

/// Whole lines of a text that comes in pieces.
class WholeLines {
 public:
  /// Those that have ended with this piece; what stands behind them waits for its end.
  [[nodiscard]] std::string add(std::string_view piece);

 private:
  std::string rest_;
};

/// An NDJSON result: all of its lines are rows but the last, which tells how it went. Keeps one
/// line in memory, and what is incomplete.
class NdjsonRows {
 public:
  explicit NdjsonRows(RowOutput& output) : output_(output) {}

  bool take(std::string_view piece);
  [[nodiscard]] const std::string& last_line() const { return last_line_; }

 private:
  RowOutput& output_;
  WholeLines lines_;
  std::string last_line_;
};

/// A CSV result. Its lines end with CR LF, ours with LF, as everything that this program writes.
class CsvRows {
 public:
  explicit CsvRows(RowOutput& output) : output_(output) {}

  bool take(std::string_view piece);
  /// Without the line of names.
  [[nodiscard]] std::int64_t rows() const { return lines_written_ > 0 ? lines_written_ - 1 : 0; }

 private:
  RowOutput& output_;
  WholeLines lines_;
  bool quoted_ = false;  // inside a cell's quotes, where line breaks are text
  std::int64_t lines_written_ = 0;
};

}  // namespace sluice::app::commands
