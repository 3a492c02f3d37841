#include "app/commands/query_messages.h"

#include <fmt/format.h>

#include <chrono>
#include <ostream>
#include <utility>

#include "app/client/problem.h"
#include "app/commands/listing.h"
#include "app/terminal/figures.h"
#include "app/terminal/text.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Failure;
using client::Reply;
using Milliseconds = std::chrono::duration<double, std::milli>;

bool is_cut(const json::Value& result) { return text_at_path(result, "truncated") == "true"; }

}  // namespace

Failure refusal_of(Reply reply, const QueryOptions& options) {
  const auto answer = Answer::parse(std::move(reply.body));
  if (answer) return client::describe_problem(answer->root(), options.sql);
  return unreadable(answer.error());
}

Failure unreadable(const Failure& why) {
  return {ExitStatus::kFailure, why.message + "\nhint: -o json writes it unread"};
}

std::string rows_text(double count) {
  return fmt::format("{:.0f} row{}", count, count == 1 ? "" : "s");
}

void tell_end(Session& session, const json::Value& result) {
  if (!session.terminal.err_is_terminal && !is_cut(result)) return;
  const std::string affected = text_at_path(result, "affected");
  std::string text = affected.empty()
                         ? rows_text(number_at(result, "count"))
                         : fmt::format("{} {}", text_at_path(result, "command"), affected);
  text += ", " + terminal::duration(Milliseconds(number_at(result, "elapsed_ms")));
  if (is_cut(result)) text += "; there are more rows: --max-rows 0 reads them all";
  session.terminal.err << terminal::printable(text) << "\n";
}

ExitStatus tell_failed_leg(Session& session, const json::Value& leg) {
  const json::Value* error = leg.find("error");
  if (error == nullptr) return ExitStatus::kOk;
  const auto failure = client::describe_problem(*error);
  session.terminal.err << terminal::printable(client::text_at(leg, "db_id")) << ": "
                       << failure.message << "\n";
  return failure.status;
}

void tell_cut_leg(Session& session, const json::Value& leg) {
  if (!is_cut(leg)) return;
  session.terminal.err << terminal::printable(client::text_at(leg, "db_id"))
                       << ": there are more rows: --max-rows 0 reads them all\n";
}

}  // namespace sluice::app::commands
