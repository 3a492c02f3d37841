#include <fmt/format.h>

#include <ostream>

#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;

struct ReloadOptions {
  bool dry_run = false;
};
struct ConfigOptions {};
struct BundleOptions {};

void declare_reload_options(CLI::App& app, ReloadOptions& options) {
  app.add_flag("--dry-run", options.dry_run, "Only say what would change");
}

std::string value_at(const json::Value& change, std::string_view path) {
  const json::Value* value = find_path(change, path);
  return value == nullptr || value->is_null() ? "(none)" : std::string(value->text());
}

/// "pool.max_size: 10 -> 20", and whether that waits for a restart.
std::string describe_change(const json::Value& change) {
  const bool waits = text_at_path(change, "reloadable") == "false";
  return terminal::printable(fmt::format("{}: {} -> {}{}", text_at_path(change, "name"),
                                         value_at(change, "from"), value_at(change, "to"),
                                         waits ? " (needs a restart)" : ""));
}

Outcome<ExitStatus> reload(Session& session, const ReloadOptions& options) {
  const std::string path = options.dry_run ? "/admin/reload?dry_run=true" : "/admin/reload";
  const auto answer = client::fetch(session.gateway, {.method = "POST", .path = path});
  if (!answer) return tl::unexpected(answer.error());
  if (session.format != Format::kTable) {
    write_line(session, answer->text());
    return ExitStatus::kOk;
  }
  const json::Value* changes = answer->root().find("changes");
  if (changes == nullptr || changes->size() == 0) {
    session.terminal.out << "nothing has changed\n";
    return ExitStatus::kOk;
  }
  for (const json::Value& change : *changes) {
    session.terminal.out << describe_change(change) << "\n";
  }
  return ExitStatus::kOk;
}

Outcome<ExitStatus> config(Session& session, const ConfigOptions&) {
  const auto answer = client::fetch(session.gateway, "/admin/config");
  if (!answer) return tl::unexpected(answer.error());
  write_list(session, *answer, "settings",
             {{"SETTING", "name"}, {"VALUE", "value"}, {"FROM", "origin"}, {"WHERE", "where"}});
  return ExitStatus::kOk;
}

Outcome<ExitStatus> support_bundle(Session& session, const BundleOptions&) {
  const auto answer = client::fetch(session.gateway, "/admin/support-bundle");
  if (!answer) return tl::unexpected(answer.error());
  write_line(session, answer->text());
  return ExitStatus::kOk;
}

}  // namespace

void declare_configuration(Declarations& declarations) {
  declarations.add<ConfigOptions>(
      {.name = "config",
       .group = kWatching,
       .description = "Show the configuration in force, without secrets",
       .examples = "Examples:\n  sluice config | grep pool"},
      [](CLI::App&, ConfigOptions&) {}, config);
  declarations.add<BundleOptions>(
      {.name = "support-bundle",
       .group = kMeasuring,
       .description = "Write all that helps to find a fault, as one JSON document without secrets",
       .examples = "Examples:\n  sluice support-bundle > bundle.json"},
      [](CLI::App&, BundleOptions&) {}, support_bundle);
  declarations.add<ReloadOptions>(
      {.name = "reload",
       .group = kOperating,
       .description = "Read the configuration again; an invalid one changes nothing",
       .examples = "Examples:\n  sluice reload --dry-run\n  sluice reload"},
      declare_reload_options, reload);
}

}  // namespace sluice::app::commands
