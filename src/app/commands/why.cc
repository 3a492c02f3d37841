#include <fmt/format.h>

#include <ostream>

#include "app/client/problem.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/terminal/figures.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct WhyOptions {
  std::string db_id;
};

void declare(CLI::App& app, WhyOptions& options) {
  app.add_option("DB", options.db_id, "The database")->required();
}

std::string line(std::string_view label, std::string_view text) {
  return fmt::format(" {:<8} {}\n", label, text);
}

/// The explanation's parts are separated by "; ", and each is worth a line.
std::string explanation_lines(std::string explanation) {
  std::string text;
  std::string_view label = "why";
  for (std::size_t end = 0; end != std::string::npos; label = "") {
    end = explanation.find("; ");
    text += line(label, terminal::printable(explanation.substr(0, end)));
    if (end != std::string::npos) explanation.erase(0, end + 2);
  }
  return text;
}

std::string connections_line(const json::Value& why) {
  std::string text = fmt::format("{:.0f} of {:.0f} in use, {:.0f} idle, {:.0f} callers wait",
                                 number_at(why, "pool.used"), number_at(why, "pool.max_size"),
                                 number_at(why, "pool.idle"), number_at(why, "pool.waiting"));
  const double oldest = number_at(why, "pool.oldest_wait_ms");
  if (oldest > 0) text += ", the first for " + terminal::duration(Milliseconds(oldest));
  return line("pool", text);
}

std::string describe(const json::Value& why, bool colour) {
  const std::string state = terminal::printable(text_at_path(why, "breaker.state"));
  const bool well = state == "closed";
  const Milliseconds age(number_at(why, "breaker.in_state_for_ms"));
  std::string text = fmt::format(
      "{}: the breaker has been {} for {}; it opened {:.0f} times and refused {:.0f} calls\n",
      terminal::printable(text_at_path(why, "db_id")),
      terminal::styled(state, well ? terminal::Style::kGood : terminal::Style::kBad, colour),
      terminal::duration(age), number_at(why, "breaker.opened_count"),
      number_at(why, "breaker.rejected"));
  const std::string own_state = text_at_path(why, "state");
  if (!own_state.empty() && own_state != "active") {
    text += line("state", "the database is " + terminal::printable(own_state));
  }
  text += explanation_lines(text_at_path(why, "explanation"));
  const double next = number_at(why, "breaker.next_trial_in_ms");
  if (next > 0) text += line("next", "a trial in " + terminal::duration(Milliseconds(next)));
  return text + connections_line(why);
}

Outcome<ExitStatus> why(Session& session, const WhyOptions& options) {
  const auto answer = client::fetch(
      session.gateway, "/admin/databases/" + client::percent_encoded(options.db_id) + "/why");
  if (!answer) return tl::unexpected(answer.error());
  if (session.format != Format::kTable) {
    write_line(session, answer->text());
    return ExitStatus::kOk;
  }
  session.terminal.out << describe(answer->root(), session.terminal.colour);
  session.terminal.err << "hint: sluice events --db "
                       << terminal::printable(client::text_at(answer->root(), "db_id")) << "\n";
  return ExitStatus::kOk;
}

}  // namespace

void declare_why(Declarations& declarations) {
  declarations.add<WhyOptions>(
      {.name = "why",
       .group = kWatching,
       .description = "Say why a database's breaker is as it is, and what comes next",
       .examples = R"(Examples:
  sluice why orders
  sluice why orders -o json | jq .breaker)"},
      declare, why);
}

}  // namespace sluice::app::commands
