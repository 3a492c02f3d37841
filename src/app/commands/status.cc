#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ostream>

#include "app/client/problem.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/commands/pool_fields.h"

namespace sluice::app::commands {
namespace {

using client::Answer;
using client::ExitStatus;
using client::Outcome;

struct StatusOptions {
  bool fail_on_open = false;
};

void declare(CLI::App& app, StatusOptions& options) {
  app.add_flag("--fail-on-open", options.fail_on_open,
               "Exit status 4 when a breaker lets no calls through");
}

/// The pools that somebody should look at, worst first.
std::vector<const json::Value*> in_need(const json::Value& pools) {
  std::vector<const json::Value*> found;
  for (const json::Value& pool : pools) {
    if (severity(pool) > 0) found.push_back(&pool);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](auto* a, auto* b) { return severity(*a) > severity(*b); });
  return found;
}

std::string verdict(std::size_t total, std::size_t troubled) {
  if (total == 0) return "no databases; `sluice connect` adds one";
  if (troubled == 0)
    return total == 1 ? "the database is well" : fmt::format("all {} databases are well", total);
  return fmt::format("{} of {} databases need{} attention", troubled, total,
                     troubled == 1 ? "s" : "");
}

Outcome<ExitStatus> status(Session& session, const StatusOptions& options) {
  const auto metrics = client::fetch(session.gateway, "/metrics");
  if (!metrics) return tl::unexpected(metrics.error());
  const json::Value* pools = metrics->root().find("pools");
  if (pools == nullptr) return client::failed(ExitStatus::kFailure, "the answer lists no pools");
  const auto troubled = in_need(*pools);
  const bool table = session.format == Format::kTable;
  if (table) {
    const auto style = troubled.empty() ? terminal::Style::kGood : terminal::Style::kBad;
    session.terminal.out << terminal::styled(verdict(pools->size(), troubled.size()), style,
                                             session.terminal.colour)
                         << "\n";
  }
  bool hosts = false;
  for (const json::Value& pool : *pools) hosts |= has_hosts(pool);
  if (!table || pools->size() > 0) write_list(session, *metrics, "pools", pool_fields(hosts));
  if (!troubled.empty() && table) {
    session.terminal.err << "hint: sluice why "
                         << terminal::printable(client::text_at(*troubled.front(), "db_id"))
                         << "\n";
  }
  const bool closed_to_calls = std::any_of(troubled.begin(), troubled.end(),
                                           [](auto* pool) { return refuses_calls(*pool); });
  return options.fail_on_open && closed_to_calls ? ExitStatus::kRefused : ExitStatus::kOk;
}

}  // namespace

void declare_status(Declarations& declarations) {
  declarations.add<StatusOptions>({.name = "status",
                                   .group = kWatching,
                                   .description = "Say how the databases are, with one line each",
                                   .examples = R"(Examples:
  sluice status
  sluice status --fail-on-open || alert      exit status 4 when a breaker is open
  sluice status -o json | jq '.pools[] | select(.waiting > 0) | .db_id')"},
                                  declare, status);
}

}  // namespace sluice::app::commands
