#include <fmt/format.h>

#include <ostream>

#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/terminal/figures.h"
#include "json/writer.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Outcome;
using Milliseconds = std::chrono::duration<double, std::milli>;

struct ControlOptions {
  std::string verb;  ///< "pause"
  std::string db_id;
  std::string reason;
};

struct BreakerOptions {
  std::string db_id;
  std::string state;
  std::string time;
  std::string reason;
};

constexpr std::chrono::milliseconds kDrainPatience = std::chrono::minutes(2);

void declare_control_options(CLI::App& app, ControlOptions& options) {
  options.verb = app.get_name();
  app.add_option("DB", options.db_id, "The database")->required();
  app.add_option("--reason", options.reason, "For the log and for `sluice events`")
      ->type_name("TEXT");
}

std::string path_of(const std::string& db_id, std::string_view verb) {
  return fmt::format("/admin/databases/{}/{}", client::percent_encoded(db_id), verb);
}

std::string reason_body(const std::string& reason) {
  json::Writer writer;
  writer.begin_object();
  if (!reason.empty()) writer.field("reason", reason);
  return writer.end_object().take();
}

Outcome<Answer> post(Session& session, std::string path, std::string body) {
  return client::fetch(session.gateway, {.method = "POST",
                                         .path = std::move(path),
                                         .body = std::move(body),
                                         .patience = kDrainPatience});
}

/// "orders: paused; callers wait", in the gateway's words.
void write_control(Session& session, const Answer& answer) {
  if (session.format != Format::kTable) {
    write_line(session, answer.text());
    return;
  }
  const json::Value& root = answer.root();
  const std::string message = text_at_path(root, "message");
  session.terminal.out << fmt::format("{}: {}{}\n",
                                      terminal::printable(text_at_path(root, "db_id")),
                                      terminal::printable(text_at_path(root, "state")),
                                      message.empty() ? "" : "; " + terminal::printable(message));
}

Outcome<ExitStatus> control(Session& session, const ControlOptions& options) {
  const auto answer =
      post(session, path_of(options.db_id, options.verb), reason_body(options.reason));
  if (!answer) return tl::unexpected(answer.error());
  write_control(session, *answer);
  return ExitStatus::kOk;
}

Outcome<ExitStatus> probe(Session& session, const ControlOptions& options) {
  const auto answer =
      post(session, path_of(options.db_id, options.verb), reason_body(options.reason));
  if (!answer) return tl::unexpected(answer.error());
  const json::Value& root = answer->root();
  const bool ok = text_at_path(root, "ok") == "true";
  if (session.format != Format::kTable) {
    write_line(session, answer->text());
  } else if (ok) {
    session.terminal.out << fmt::format(
        "{}: answers, {}\n", terminal::printable(options.db_id),
        terminal::duration(Milliseconds(number_at(root, "latency_ms"))));
  } else {
    session.terminal.err << fmt::format("{}: does not answer: {}\n",
                                        terminal::printable(options.db_id),
                                        terminal::printable(text_at_path(root, "error.detail")));
  }
  return ok ? ExitStatus::kOk : ExitStatus::kRefused;
}

void declare_breaker_options(CLI::App& app, BreakerOptions& options) {
  app.add_option("DB", options.db_id, "The database")->required();
  app.add_option("STATE", options.state, "force-open, force-closed, observe, or auto")
      ->required()
      ->check(CLI::IsMember({"force-open", "force-closed", "observe", "auto"}));
  app.add_option("--for", options.time, "End it by itself after 10m, 2h, …")->type_name("TIME");
  app.add_option("--reason", options.reason, "For the log, and for those who are refused")
      ->type_name("TEXT");
}

std::string_view state_named(const std::string& word) {
  if (word == "force-open") return "forced_open";
  if (word == "force-closed") return "forced_closed";
  return word == "observe" ? "observe_only" : "auto";
}

Outcome<std::string> breaker_body(const BreakerOptions& options) {
  json::Writer writer;
  writer.begin_object().field("state", state_named(options.state));
  if (!options.time.empty()) {
    const auto time = terminal::read_duration(options.time);
    if (!time) return tl::unexpected(time.error());
    writer.field("for_ms", time->count());
  }
  if (!options.reason.empty()) writer.field("reason", options.reason);
  return writer.end_object().take();
}

Outcome<ExitStatus> breaker(Session& session, const BreakerOptions& options) {
  const auto body = breaker_body(options);
  if (!body) return tl::unexpected(body.error());
  const auto answer = post(session, path_of(options.db_id, "breaker"), *body);
  if (!answer) return tl::unexpected(answer.error());
  if (session.format != Format::kTable) {
    write_line(session, answer->text());
    return ExitStatus::kOk;
  }
  session.terminal.out << fmt::format(
      "{}: the breaker is {}; {}\n", terminal::printable(options.db_id),
      terminal::printable(text_at_path(answer->root(), "breaker.state")),
      terminal::printable(text_at_path(answer->root(), "explanation")));
  return ExitStatus::kOk;
}

void declare_verb(Declarations& declarations, const std::string& verb, std::string description) {
  declarations.add<ControlOptions>(
      {.name = verb,
       .group = kOperating,
       .description = std::move(description),
       .examples = "Examples:\n  sluice " + verb + " orders --reason 'moving disks'"},
      declare_control_options, control);
}

}  // namespace

void declare_control(Declarations& declarations) {
  declare_verb(declarations, "pause", "Let a database's callers wait");
  declare_verb(declarations, "resume", "End a pause or a drain");
  declare_verb(declarations, "reconnect", "Renew a database's connections, each when it is free");
  declare_verb(declarations, "drain", "Refuse new calls and close connections as they become free");
  declarations.add<ControlOptions>({.name = "probe",
                                    .group = kOperating,
                                    .description = "Try a database now; exit status 4: no answer",
                                    .examples = "Examples:\n  sluice probe orders"},
                                   declare_control_options, probe);
  declarations.add<BreakerOptions>(
      {.name = "breaker",
       .group = kOperating,
       .description = "Override a database's circuit breaker, or end that",
       .examples = R"(Examples:
  sluice breaker orders force-open --for 10m --reason 'moving disks'
  sluice breaker orders auto)"},
      declare_breaker_options, breaker);
}

}  // namespace sluice::app::commands
