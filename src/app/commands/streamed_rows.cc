#include "app/commands/streamed_rows.h"

#include <cerrno>
#include <ostream>
#include <system_error>
#include <utility>

#include "app/commands/listing.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

void write_each_line(Session& session, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    write_line(session, lines.substr(0, end));
    lines.remove_prefix(end + 1);
  }
}

}  // namespace

bool RowOutput::write(std::string_view lines) {
  std::ostream& out = session_.terminal.out;
  errno = 0;
  session_.terminal.out_is_terminal ? write_each_line(session_, lines) : void(out << lines);
  out.flush();
  if (out) return true;
  problem_ = errno == 0 ? EIO : errno;
  return false;
}

bool RowOutput::reader_has_gone() const { return problem_ == EPIPE; }

Outcome<void> RowOutput::problem() const {
  if (problem_ == 0 || reader_has_gone()) return {};
  return client::failed(ExitStatus::kFailure, "standard output cannot be written: " +
                                                  std::generic_category().message(problem_));
}

std::string WholeLines::add(std::string_view piece) {
  const auto end = piece.rfind('\n');
  if (end == std::string_view::npos) {
    rest_ += piece;
    return {};
  }
  std::string lines = std::exchange(rest_, std::string(piece.substr(end + 1)));
  lines += piece.substr(0, end + 1);
  return lines;
}

bool NdjsonRows::take(std::string_view piece) {
  const std::string lines = lines_.add(piece);
  if (lines.empty()) return true;
  const std::string_view all(lines);
  const auto before_last = all.substr(0, all.size() - 1).rfind('\n');
  const auto last = before_last == std::string_view::npos ? 0 : before_last + 1;
  const std::string rows = std::exchange(last_line_, lines.substr(last)).append(all, 0, last);
  return rows.empty() || output_.write(rows);
}

bool CsvRows::take(std::string_view piece) {
  std::string text;
  for (const char c : lines_.add(piece)) {
    if (c == '"') quoted_ = !quoted_;
    if (c == '\r' && !quoted_) continue;
    if (c == '\n' && !quoted_) ++lines_written_;
    text += c;
  }
  return text.empty() || output_.write(text);
}

}  // namespace sluice::app::commands
