#include <chrono>
#include <ostream>
#include <thread>

#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

struct EventOptions {
  std::string db_id;
  std::string kind;
  int limit = 100;
  bool follow = false;
};

constexpr std::chrono::milliseconds kPollEvery = std::chrono::seconds(1);

void declare(CLI::App& app, EventOptions& options) {
  app.add_option("--db", options.db_id, "Only of this database")->type_name("DB");
  app.add_option("--kind", options.kind, "breaker, operator, config, database or server")
      ->type_name("KIND")
      ->check(CLI::IsMember({"breaker", "operator", "config", "database", "server"}));
  app.add_option("-n,--limit", options.limit, "At most so many of the past")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_flag("-f,--follow", options.follow, "Keep going until Ctrl-C");
}

std::string path_for(const EventOptions& options, const std::string& since) {
  std::string path = "/admin/events?limit=" + std::to_string(options.limit);
  if (!since.empty()) path += "&since=" + since;
  if (!options.db_id.empty()) path += "&db_id=" + client::percent_encoded(options.db_id);
  if (!options.kind.empty()) path += "&kind=" + options.kind;
  return path;
}

/// One line as a log has it: what follows may come at any time, so columns cannot be fitted.
void write_event(Session& session, const json::Value& event) {
  if (session.format == Format::kNdjson || session.format == Format::kJson) {
    write_line(session, event.text());
    return;
  }
  std::vector<std::string> cells;
  for (const char* name : {"time", "kind", "db_id", "actor", "message"}) {
    cells.push_back(text_at_path(event, name));
  }
  if (session.format == Format::kCsv) {
    write_line(session, csv_line(cells));
    return;
  }
  std::string line = terminal::printable(cells[0]) + "  " +
                     terminal::padded(terminal::printable(cells[1]), 8, terminal::Align::kLeft);
  if (!cells[2].empty()) line += "  " + terminal::printable(cells[2]) + ":";
  line += (cells[2].empty() ? "  " : " ") + terminal::printable(cells[4]);
  if (!cells[3].empty()) line += " (by " + terminal::printable(cells[3]) + ")";
  session.terminal.out << line << "\n";
}

/// Writes what there is and returns where the next page begins.
Outcome<std::string> write_page(Session& session, const EventOptions& options,
                                const std::string& since) {
  const auto answer = client::fetch(session.gateway, path_for(options, since));
  if (!answer) return tl::unexpected(answer.error());
  const json::Value* events = answer->root().find("events");
  if (events == nullptr) return client::failed(ExitStatus::kFailure, "the answer has no events");
  if (session.format == Format::kJson && !options.follow) {
    write_line(session, answer->text());
  } else {
    for (const json::Value& event : *events) write_event(session, event);
  }
  session.terminal.out.flush();
  return text_at_path(answer->root(), "next_seq");
}

Outcome<ExitStatus> events(Session& session, const EventOptions& options) {
  if (session.format == Format::kCsv) write_line(session, "time,kind,db_id,actor,message");
  auto next = write_page(session, options, "");
  while (next && options.follow && session.terminal.out) {
    std::this_thread::sleep_for(kPollEvery);
    next = write_page(session, options, *next);
  }
  if (!next) return tl::unexpected(next.error());
  return ExitStatus::kOk;
}

}  // namespace

void declare_events(Declarations& declarations) {
  declarations.add<EventOptions>(
      {.name = "events",
       .group = kWatching,
       .description = "Show what happened: breakers, operators, configuration",
       .examples = R"(Examples:
  sluice events --db orders
  sluice events --follow --kind breaker)"},
      declare, events);
}

}  // namespace sluice::app::commands
