#include "app/doctor/examination.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sluice::app::doctor {
namespace {

using Level = Finding::Level;
using Findings = std::vector<Finding>;

constexpr std::int64_t kOldestMaintained = 150000;  // PostgreSQL 14 ended in November 2026
constexpr std::int64_t kOldAge = 1'000'000'000;     // of 2^31, where PostgreSQL stops
constexpr std::int64_t kTooOldAge = 1'500'000'000;
constexpr double kNearlyAll = 0.8;

void examine_facts(const Facts& facts, Findings& findings) {
  const auto add = [&](Level level, std::string message) {
    findings.push_back({level, facts.db_id, std::move(message)});
  };
  if (facts.version_number < kOldestMaintained) {
    add(Level::kWarning,
        fmt::format("PostgreSQL {} gets no more fixes; upgrade it", facts.version));
  }
  if (!facts.fsync) {
    add(Level::kWarning, "fsync is off: a crash of the machine may destroy the database");
  }
  if (!facts.is_encrypted && !facts.is_local) {
    add(Level::kWarning, "the way to the server is not encrypted; set ssl to verify-full");
  }
  if (facts.transaction_age > kOldAge) {
    add(facts.transaction_age > kTooOldAge ? Level::kError : Level::kWarning,
        fmt::format("its oldest transaction id is {} old, and at 2147483648 it stops taking "
                    "writes; VACUUM does not keep up",
                    facts.transaction_age));
  }
}

void examine_state(const Database& database, Findings& findings) {
  if (!database.state.empty() && database.state != "active") {
    findings.push_back(
        {Level::kWarning, database.db_id,
         fmt::format("is {}; `sluice resume {}` ends that", database.state, database.db_id)});
  }
  const bool overridden = database.breaker == "forced_open" ||
                          database.breaker == "forced_closed" || database.breaker == "observe_only";
  if (overridden) {
    findings.push_back({Level::kWarning, database.db_id,
                        fmt::format("its breaker is {}; `sluice breaker {} auto` ends that",
                                    database.breaker, database.db_id)});
  } else if (database.breaker == "open") {
    findings.push_back({Level::kWarning, database.db_id,
                        fmt::format("its breaker is open; `sluice why {}`", database.db_id)});
  }
}

/// What all gateways together may open, and who opens it.
struct Demand {
  std::int64_t connections = 0;
  std::vector<std::string> db_ids;
  Facts facts;
};

/// "orders (10) + users (20), in 3 gateways"
std::string terms_of(const Demand& demand, int replicas) {
  return fmt::format("{}{}", fmt::join(demand.db_ids, " + "),
                     replicas == 1 ? "" : fmt::format(", in {} gateways", replicas));
}

Finding judge_server(const Demand& demand, int replicas) {
  const std::int64_t available = demand.facts.max_connections - demand.facts.reserved;
  const std::string words = fmt::format("{} of {} connections may be opened ({})",
                                        demand.connections, available, terms_of(demand, replicas));
  const std::string server = "server of " + demand.facts.db_id;
  if (demand.connections > available) {
    return {Level::kError, server,
            words + "; lower pool.max_size, or raise max_connections in PostgreSQL"};
  }
  const bool tight =
      static_cast<double>(demand.connections) > kNearlyAll * static_cast<double>(available);
  if (tight) return {Level::kWarning, server, words + "; little is left for others"};
  return {Level::kOk, server, words};
}

void judge_limit(const Facts& facts, std::int64_t wanted, Findings& findings) {
  for (const auto& [limit, what] :
       {std::pair(facts.role_limit, "role"), std::pair(facts.database_limit, "database")}) {
    if (limit < 0 || wanted <= limit) continue;
    findings.push_back({Level::kError, facts.db_id,
                        fmt::format("{} connections may be opened, but the {}'s CONNECTION LIMIT "
                                    "is {}",
                                    wanted, what, limit)});
  }
}

std::int64_t most_connections(const std::vector<Database>& databases, const std::string& db_id) {
  const auto found = std::find_if(databases.begin(), databases.end(),
                                  [&](const Database& each) { return each.db_id == db_id; });
  return found == databases.end() ? 0 : found->most_connections;
}

}  // namespace

Findings examine_databases(const std::vector<Database>& databases,
                           const std::vector<Facts>& facts) {
  Findings findings;
  for (const Database& database : databases) examine_state(database, findings);
  for (const Facts& each : facts) {
    const std::size_t before = findings.size();
    examine_facts(each, findings);
    if (findings.size() == before) {
      findings.push_back({Level::kOk, each.db_id, "answers, PostgreSQL " + each.version});
    }
  }
  return findings;
}

Findings examine_budget(const std::vector<Database>& databases, const std::vector<Facts>& facts,
                        int replicas) {
  Findings findings;
  std::map<std::string, Demand> servers;
  for (const Facts& each : facts) {
    const std::int64_t most = most_connections(databases, each.db_id);
    Demand& demand = servers[each.server];
    if (demand.db_ids.empty()) demand.facts = each;
    demand.connections += most * replicas;
    demand.db_ids.push_back(fmt::format("{} ({})", each.db_id, most));
    judge_limit(each, most * replicas, findings);
  }
  for (const auto& [server, demand] : servers) findings.push_back(judge_server(demand, replicas));
  return findings;
}

}  // namespace sluice::app::doctor
