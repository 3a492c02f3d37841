#include "app/commands/streamed_query.h"

#include <fmt/format.h>

#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "app/client/problem.h"
#include "app/commands/listing.h"
#include "app/commands/query_messages.h"
#include "app/commands/streamed_rows.h"
#include "json/writer.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Failure;
using client::Outcome;
using client::Reply;
using client::Request;

constexpr std::string_view kIncomplete = "what was written is not the whole result";

tl::unexpected<Failure> broke_off(std::string_view hint = {}) {
  return client::failed(
      ExitStatus::kFailure,
      fmt::format("the answer broke off: the statement failed, or the connection was lost; {}{}",
                  kIncomplete, hint));
}

/// What a stream failed with, if this is the record that tells.
const json::Value* error_in(const json::Value& record) {
  if (record.kind() != json::Value::Kind::kObject) return nullptr;
  const json::Value* error = record.find("error");
  return error == nullptr || client::text_at(*error, "code").empty() ? nullptr : error;
}

/// Empty: it went on to its end, or nobody wanted more.
std::optional<Outcome<ExitStatus>> early_end(const RowOutput& output, const QueryOptions& options,
                                             Outcome<Reply>& reply) {
  if (output.reader_has_gone()) return ExitStatus::kOk;
  if (auto written = output.problem(); !written) return tl::unexpected(written.error());
  if (!reply) return tl::unexpected(std::move(reply.error()));
  if (reply->status == 200) return std::nullopt;
  return tl::unexpected(refusal_of(*std::move(reply), options));
}

Outcome<ExitStatus> end_ndjson(Session& session, const QueryOptions& options, bool complete,
                               const std::string& last_line) {
  const auto last = Answer::parse(last_line);
  if (const auto* error = last ? error_in(last->root()) : nullptr) {
    Failure failure = client::describe_problem(*error, options.sql);
    failure.message += fmt::format("\n{}", kIncomplete);
    return tl::unexpected(std::move(failure));
  }
  if (!complete) return broke_off();
  const json::Value* end = last ? find_path(last->root(), "end") : nullptr;
  if (end == nullptr) return broke_off();
  tell_end(session, *end);
  return ExitStatus::kOk;
}

Outcome<ExitStatus> run_ndjson(Session& session, const QueryOptions& options,
                               const Request& request) {
  RowOutput output(session);
  NdjsonRows rows(output);
  auto reply = session.gateway.stream(request, [&](auto piece) { return rows.take(piece); });
  if (auto ended = early_end(output, options, reply)) return *std::move(ended);
  return end_ndjson(session, options, reply->complete, rows.last_line());
}

/// CSV has no last record: that it was cut can only be guessed.
void tell_csv_end(Session& session, const QueryOptions& options, const CsvRows& rows) {
  const bool cut = options.max_rows > 0 && rows.rows() >= options.max_rows;
  if (!cut && !session.terminal.err_is_terminal) return;
  session.terminal.err << rows_text(static_cast<double>(rows.rows()))
                       << (cut ? "; there may be more rows: --max-rows 0 reads them all\n" : "\n");
}

Outcome<ExitStatus> run_csv(Session& session, const QueryOptions& options, const Request& request) {
  RowOutput output(session);
  CsvRows rows(output);
  auto reply = session.gateway.stream(request, [&](auto piece) { return rows.take(piece); });
  if (auto ended = early_end(output, options, reply)) return *std::move(ended);
  if (!reply->complete) return broke_off("\nhint: -o ndjson tells what the statement failed with");
  tell_csv_end(session, options, rows);
  return ExitStatus::kOk;
}

/// {"database":"orders","row":{…}} would bury the columns, so the name becomes the first of them.
std::string row_with_database(std::string_view database, const json::Value& row) {
  const std::string name = json::Writer().element(database).take();
  const std::string_view members = row.text().substr(1);
  return fmt::format("{{\"database\":{}{}{}\n", name, row.size() == 0 ? "" : ",", members);
}

/// The lines of a fan-out: databases, in the order in which they answered, and an end.
class Legs {
 public:
  explicit Legs(Session& session) : session_(session), output_(session) {}

  bool take(std::string_view piece) {
    const std::string lines = lines_.add(piece);
    std::string_view left(lines);
    while (!left.empty()) {
      const auto end = left.find('\n');
      if (!take_line(left.substr(0, end))) return false;
      left.remove_prefix(end + 1);
    }
    return true;
  }
  [[nodiscard]] const RowOutput& output() const { return output_; }
  [[nodiscard]] ExitStatus status() const { return status_; }
  [[nodiscard]] bool ended() const { return ended_; }
  /// Why a line could not be read.
  [[nodiscard]] const std::optional<Failure>& unread() const { return unread_; }

 private:
  bool take_line(std::string_view line) {
    const auto answer = Answer::parse(std::string(line));
    if (!answer) return unread_ = unreadable(answer.error()), false;
    const json::Value& leg = answer->root();
    if (leg.kind() != json::Value::Kind::kObject) return false;
    ended_ = leg.find("end") != nullptr;
    if (const json::Value* rows = leg.find("rows")) return write_rows(leg, *rows);
    const ExitStatus status = tell_failed_leg(session_, leg);
    if (status_ == ExitStatus::kOk) status_ = status;
    return true;
  }

  bool write_rows(const json::Value& leg, const json::Value& rows) {
    std::string text;
    for (const json::Value& row : rows) {
      text += row_with_database(client::text_at(leg, "db_id"), row);
    }
    const bool written = text.empty() || output_.write(text);
    tell_cut_leg(session_, leg);
    return written;
  }

  Session& session_;
  RowOutput output_;
  WholeLines lines_;
  ExitStatus status_ = ExitStatus::kOk;
  bool ended_ = false;
  std::optional<Failure> unread_;
};

Outcome<ExitStatus> run_many(Session& session, const QueryOptions& options,
                             const Request& request) {
  Legs legs(session);
  auto reply = session.gateway.stream(request, [&](auto piece) { return legs.take(piece); });
  if (auto ended = early_end(legs.output(), options, reply)) return *std::move(ended);
  if (legs.unread()) return tl::unexpected(*legs.unread());
  if (!reply->complete || !legs.ended()) return broke_off();
  return legs.status();
}

}  // namespace

bool is_streamed(const QueryOptions& options, Format format) {
  // Which columns a CSV of many databases has is known when all have answered.
  return format == Format::kNdjson || (format == Format::kCsv && !options.fans_out());
}

Outcome<ExitStatus> run_streamed(Session& session, const QueryOptions& options, Request request) {
  request.accept = session.format == Format::kCsv ? "text/csv" : "application/x-ndjson";
  if (options.fans_out()) return run_many(session, options, request);
  return session.format == Format::kCsv ? run_csv(session, options, request)
                                        : run_ndjson(session, options, request);
}

}  // namespace sluice::app::commands
