// How the service takes a new configuration over.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/service.h"

namespace sluice::app {
namespace {

const config::DatabaseConfig* find(const config::Config& config, const std::string& db_id) {
  const auto found = std::ranges::find(config.databases, db_id, &config::DatabaseConfig::db_id);
  return found == config.databases.end() ? nullptr : &*found;
}

/// What was read at the start, and stays until the end.
void keep_what_needs_a_restart(const config::Config& before, config::Config& now) {
  const auto delay = now.server.drain_delay;
  const auto timeout = now.server.drain_timeout;
  now.server = before.server;
  now.server.drain_delay = delay;
  now.server.drain_timeout = timeout;
  now.pools = before.pools;
  now.log.format = before.log.format;
  now.metrics = before.metrics;
}

std::string shown(const std::optional<std::string>& value) { return value ? *value : "(not set)"; }

std::string summary(const gateway::ReloadReport& report) {
  const auto later = std::ranges::count(report.changes, false, &config::SettingChange::reloadable);
  auto text = fmt::format("the configuration was reloaded: {} change{}", report.changes.size(),
                          report.changes.size() == 1 ? "" : "s");
  if (later > 0) text += fmt::format(", {} of them after a restart", later);
  return text;
}

}  // namespace

gateway::ReloadReport Service::reload(const config::LoadResult& loaded,
                                      const gateway::ReloadOrder& order) {
  gateway::ReloadReport report{.time = std::chrono::system_clock::now(),
                               .actor = order.actor,
                               .dry_run = order.dry_run,
                               .mistakes = loaded.mistakes};
  if (report.mistakes.empty()) report.mistakes = obstacles(loaded.config);
  if (report.mistakes.empty()) {
    report.changes =
        config::changes_between(gateway_.configuration().state().report, loaded.report);
    if (!order.dry_run) take_over(loaded, report);
  }
  if (order.dry_run) return report;
  gateway_.configuration().set_last_reload(report);
  tell(report);
  return report;
}

/// What would go wrong only half-way through.
std::vector<config::ConfigMistake> Service::obstacles(const config::Config& config) {
  std::vector<config::ConfigMistake> found;
  if (const auto rules = access_rules(config); !rules) {
    found.push_back({"security.connect_hosts", rules.error().message});
  }
  for (const auto& database : config.databases) {
    const auto there = manager_.find(database.db_id, nullptr);
    const bool ours = find(config_, database.db_id) != nullptr;
    if (!there || ours || there->target.same_as(database.target)) continue;
    found.push_back({"databases." + database.db_id,
                     "was connected through the API to " + there->target.display() +
                         "; disconnect it first, or choose another id"});
  }
  return found;
}

void Service::take_over(const config::LoadResult& loaded, gateway::ReloadReport& report) {
  config::Config config = loaded.config;
  keep_what_needs_a_restart(config_, config);
  take_over_databases(config, report);
  gateway_.replace_rules(*access_rules(config));
  apply_log_switches(config.log);
  auto& configuration = gateway_.configuration();
  configuration.set(config::after_reload(configuration.state().report, loaded.report));
  config_ = std::move(config);
  report.applied = true;
}

void Service::take_over_databases(const config::Config& config, gateway::ReloadReport& report) {
  for (const auto& before : config_.databases) {
    const auto* now = find(config, before.db_id);
    if (!now || !now->target.same_as(before.target)) remove_database(before.db_id);
  }
  for (auto database : config.databases) {
    const auto* before = find(config_, database.db_id);
    if (before && before->target.same_as(database.target)) {
      database.options.pool.shards = before->options.pool.shards;
    }
    if (auto registered = register_database(database); !registered) {
      report.mistakes.push_back({"databases." + database.db_id, registered.error().message});
    }
  }
}

void Service::tell(const gateway::ReloadReport& report) {
  for (const auto& mistake : report.mistakes) {
    log_.error(report.applied ? "the configuration was reloaded only in part"
                              : "the configuration was not reloaded; nothing has changed",
               {{"where", mistake.where}, {"mistake", mistake.message}});
  }
  gateway::Event event{.kind = gateway::EventKind::kConfig, .actor = report.actor};
  if (!report.applied) {
    event.message = fmt::format("the configuration was not reloaded: {}: {}",
                                report.mistakes.front().where, report.mistakes.front().message);
    return events_.record(std::move(event));
  }
  for (const auto& change : report.changes) {
    log_.info(change.reloadable ? "setting changed" : "setting changes after a restart",
              {{"setting", change.name}, {"from", shown(change.from)}, {"to", shown(change.to)}});
  }
  event.message = summary(report);
  log_.info(event.message, {{"actor", report.actor}});
  events_.record(std::move(event));
}

}  // namespace sluice::app
