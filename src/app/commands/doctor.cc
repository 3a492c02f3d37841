#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>

#include "app/client/problem.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/doctor/examination.h"
#include "json/writer.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Outcome;
using doctor::Finding;
using Findings = std::vector<Finding>;
using Level = Finding::Level;

struct DoctorOptions {
  int replicas = 1;
};

void declare(CLI::App& app, DoctorOptions& options) {
  app.add_option("--replicas", options.replicas, "How many gateways like this one there are; 1")
      ->type_name("N")
      ->check(CLI::Range(1, 10000));
}

std::string_view word_for(Level level) {
  if (level == Level::kOk) return "ok";
  return level == Level::kWarning ? "warning" : "error";
}

std::size_t count(const Findings& findings, Level level) {
  return static_cast<std::size_t>(std::count_if(
      findings.begin(), findings.end(), [&](const auto& each) { return each.level == level; }));
}

std::string to_text(const Findings& findings, bool colour) {
  constexpr std::array<terminal::Style, 3> kStyles{
      terminal::Style::kGood, terminal::Style::kWarning, terminal::Style::kBad};
  std::string text;
  for (const Finding& each : findings) {
    const std::string word = terminal::padded(word_for(each.level), 9, terminal::Align::kLeft);
    // Messages may already have several lines, each of them printable.
    text += terminal::styled(word, kStyles[static_cast<std::size_t>(each.level)], colour) +
            terminal::printable(each.subject) + ": " + each.message + "\n";
  }
  return text;
}

std::string to_json(const Findings& findings) {
  json::Writer writer;
  writer.begin_object().begin_array("findings");
  for (const Finding& each : findings) {
    writer.begin_object().field("level", word_for(each.level)).field("subject", each.subject);
    writer.field("message", each.message).end_object();
  }
  writer.end_array().field("errors", count(findings, Level::kError));
  writer.field("warnings", count(findings, Level::kWarning));
  return writer.end_object().take();
}

std::string summary(const Findings& findings) {
  const auto words = [](std::size_t number, std::string_view noun) {
    return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
  };
  return words(count(findings, Level::kError), "error") + ", " +
         words(count(findings, Level::kWarning), "warning") + "\n";
}

void append(Findings& findings, Findings more) {
  std::move(more.begin(), more.end(), std::back_inserter(findings));
}

/// Asks every database for its facts. Failed ones are part of the answer, whatever its status.
Outcome<Answer> ask_all(Session& session) {
  json::Writer writer;
  writer.begin_object().field("sql", doctor::kFactsSql).field("all", true);
  writer.field("timeout_ms", 5000).end_object();
  auto reply = session.gateway.ask({.method = "POST", .path = "/query", .body = writer.take()});
  if (!reply) return tl::unexpected(reply.error());
  auto answer = Answer::parse(std::move(reply->body));
  if (!answer) return answer;
  const json::Value& root = answer->root();
  if (root.kind() == json::Value::Kind::kObject && root.find("successes")) return answer;
  return tl::unexpected(client::describe_problem(root));
}

Outcome<Findings> examine(Session& session, int replicas) {
  const auto listed = client::fetch(session.gateway, "/databases");
  if (!listed) return tl::unexpected(listed.error());
  const auto databases = doctor::read_databases(listed->root());
  if (databases.empty()) {
    return Findings{{Level::kWarning, "gateway", "has no databases; `sluice connect` adds one"}};
  }
  const auto answered = ask_all(session);
  if (!answered) return tl::unexpected(answered.error());
  const auto facts = doctor::read_facts(answered->root());
  Findings findings = doctor::unreachable(answered->root());
  append(findings, doctor::examine_databases(databases, facts));
  append(findings, doctor::examine_budget(databases, facts, replicas));
  std::stable_sort(findings.begin(), findings.end(),
                   [](const auto& a, const auto& b) { return a.level > b.level; });
  return findings;
}

Outcome<ExitStatus> run_doctor(Session& session, const DoctorOptions& options) {
  const auto findings = examine(session, options.replicas);
  if (!findings) return tl::unexpected(findings.error());
  if (session.format == Format::kTable) {
    session.terminal.out << to_text(*findings, session.terminal.colour) << summary(*findings);
  } else {
    write_line(session, to_json(*findings));
  }
  return count(*findings, Level::kError) > 0 ? ExitStatus::kFailure : ExitStatus::kOk;
}

}  // namespace

void declare_doctor(Declarations& declarations) {
  declarations.add<DoctorOptions>(
      {.name = "doctor",
       .group = kMeasuring,
       .description = "Look for what will go wrong: reachability, connection budget, versions",
       .examples = R"(Examples:
  sluice doctor
  sluice doctor --replicas 3      three gateways with this configuration

Exit status 1: there are errors.)"},
      declare, run_doctor);
}

}  // namespace sluice::app::commands
