#include "simulation/cluster_world.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <utility>

namespace sluice::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kLastCalls = 20;
constexpr base::Duration kLongestLook = milliseconds(1'300);
const std::string kSteadyOne = "steady";

const manager::Origin* origin_of(int client) {
  static constexpr std::array<manager::Origin, 3> kClients{
      {{.actor = "one"}, {.actor = "two"}, {.actor = "three"}}};
  return client > 0 ? &kClients.at(static_cast<std::size_t>(client - 1)) : nullptr;
}

/// Only writes come in transactions.
bool is_write(const std::string& sql) { return sql.starts_with('w') || sql.starts_with("BEGIN"); }

}  // namespace

std::unique_ptr<pool::Connector> ClusterWorld::Connectors::make(const Target& target,
                                                                const DatabaseOptions& options,
                                                                base::EventLoop& loop) {
  Target at = target;
  const bool monitor = options.session.application_name.ends_with(" monitor");
  if (monitor) at.host = Cluster::monitored(at.host);
  return FakeConnectorFactory::make(at, options, loop);
}

ClusterWorld::ClusterWorld(const ClusterScenario& scenario, Met& met)
    : tracing_(std::getenv("SLUICE_TRACE") != nullptr),
      scenario_(scenario),
      met_(met),
      workers_(scenario.workers),
      random_(scenario.seed) {
  for (std::size_t i = 0; i < scenario.clusters.size(); ++i) {
    const int index = static_cast<int>(i);
    clusters_.push_back(std::make_unique<Cluster>(
        name(index), scenario.clusters[i].servers,
        Cluster::Dependencies{connectors_, random_, [this] { return now(); },
                              [this](const std::string& write, bool by_the_primary) {
                                calls_.executed(write, by_the_primary);
                              }}));
    for (int server = 0; server < scenario.clusters[i].servers; ++server) {
      auto& sessions = clusters_.back()->sessions(server);
      sessions.on_execute = [this, index, server, begin = sessions.on_execute](
                                testing::FakeConnection& connection, const Query& query) {
        if (!connection.in_transaction()) check_sent(index, server, query.sql);
        begin(connection, query);
      };
    }
  }
  manager_ = std::make_unique<manager::Manager>(
      manager::Manager::Dependencies{.loops = workers_.loops(),
                                     .connectors = connectors_,
                                     .observer = *this,
                                     .seed = scenario.seed,
                                     .clock = [this] { return workers_.now(); },
                                     .connections = {scenario.max_connections, 0}});
}

ClusterWorld::~ClusterWorld() = default;

std::optional<Violation> ClusterWorld::live() {
  const auto began = now();
  try {
    connect();
    for (const ClusterEvent& event : scenario_.events) {
      if (!verdict_.ok()) break;
      random_.seed(event.draw);
      happen(event);
      check();
    }
    if (verdict_.ok()) recover();
    if (verdict_.ok()) end();
  } catch (const std::exception& error) {
    verdict_.broken("connections are used as agreed", error.what());
  }
  met_.virtual_seconds += std::chrono::duration_cast<seconds>(now() - began).count();
  return verdict_.violation();
}

// --- what is seen ------------------------------------------------------------------------------

void ClusterWorld::trace(const std::string& what) const {
  if (!tracing_) return;
  const std::chrono::duration<double> at = now().time_since_epoch() % std::chrono::hours(1'000);
  std::printf("%10.3f %s\n", at.count(), what.c_str());
}

void ClusterWorld::on_breaker_transition(const BreakerTransition& transition) {
  trace(transition.db_id + ": breaker: " + transition.explanation);
}

void ClusterWorld::on_host(const HostEvent& event) {
  trace(event.db_id + ": " + event.host + " " + event.what + ": " + event.explanation);
}

// --- time --------------------------------------------------------------------------------------

void ClusterWorld::settle() { workers_.settle(random_, verdict_); }

void ClusterWorld::advance(base::Duration span) {
  const auto look = [this](bool moves) {
    learn();
    if (moves) calls_.check(now());
  };
  workers_.advance_to(now() + span, verdict_, {[this] { settle(); }, look});
}

/// By now, every router has been told.
void ClusterWorld::learn() {
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    const auto database = manager_->find(name(static_cast<int>(i)), nullptr);
    known_[i] = database ? database->hosts->view() : nullptr;
    const auto primary = static_cast<std::size_t>(clusters_[i]->primary());
    const bool knows = known_[i] && known_[i]->primary == primary &&
                       known_[i]->hosts[primary].seen_at > clusters_[i]->promoted_at();
    if (knows) followed_[i] = clusters_[i]->timeline();
  }
}

// --- what happens ------------------------------------------------------------------------------

int ClusterWorld::pick(int from, int to) {
  return std::uniform_int_distribution<int>(from, to)(random_);
}

void ClusterWorld::connect() {
  known_.resize(clusters_.size());
  followed_.resize(clusters_.size());
  const auto add = [this](const Target& target, const DatabaseOptions& options) {
    manager_->connect(
        {target, options, target.database, false, [this](const Result<Connected>& made) {
           if (made) return;
           verdict_.broken("a healthy database can be connected", made.error().message);
         }});
    settle();
  };
  for (std::size_t i = 0; i < clusters_.size(); ++i) {
    add(clusters_[i]->target(), scenario_.clusters[i].options);
  }
  Target steady;
  steady.database = steady.host = kSteadyOne;
  steady.user = "app";
  add(steady, {});
}

void ClusterWorld::happen(const ClusterEvent& event) {
  trace(to_string(event));
  settle();
  if (event.what == Turn::kTraffic) return traffic(event);
  if (event.what == Turn::kAdvance) return advance(event.time);
  happen_to_server(event);
  settle();
  if (event.what == Turn::kRevive && cluster(event.cluster).has_rogue()) ++met_.rogues;
}

void ClusterWorld::happen_to_server(const ClusterEvent& event) {
  Cluster& at = cluster(event.cluster);
  const int before = at.primary();
  switch (event.what) {
    case Turn::kKill:
      return at.kill(event.server);
    case Turn::kRevive:
      return at.revive(event.server, event.flag);
    case Turn::kFreeze:
      return at.freeze(event.server, event.flag);
    case Turn::kThaw:
      return at.thaw(event.server);
    case Turn::kPromote:
      at.promote(event.server);
      if (at.primary() != before) ++met_.promotions;
      return;
    case Turn::kRewind:
      return at.rewind(event.server);
    case Turn::kLag:
      return at.lag(event.server, event.flag);
    case Turn::kSlow:
      return at.slow(event.server, event.flag);
    case Turn::kLoseConnections:
      return at.lose_connections(event.server);
    default:
      break;
  }
  for (int i = 0; i < event.count; ++i) {  // it flaps
    at.kill(event.server);
    advance(event.time);
    at.revive(event.server, event.flag);
    advance(event.time);
  }
}

/// Some of them at the same moment; the last may still be under way when the next thing happens.
void ClusterWorld::traffic(const ClusterEvent& event) {
  for (int i = 0; i < event.count && verdict_.ok(); ++i) {
    if (pick(0, 2) > 0) advance(event.time / event.count);
    const auto number = std::to_string(event.id) + "." + std::to_string(i);
    call(event.cluster, (pick(0, 2) > 0 ? "w" : "r") + number, event.client);
    if (i % 8 == 0) call_steady();
  }
  if (pick(0, 1) == 0) advance(event.time / event.count);
}

void ClusterWorld::call(int cluster, std::string statement, int client) {
  Query query;
  query.sql = std::move(statement);
  query.timeout = milliseconds(pick(100, 4'000));
  query.read_only = !is_write(query.sql);
  if (query.read_only) query.route = static_cast<Route>(pick(0, 3));
  const Route route = query.route.value_or(Route::kPrimary);
  calls_.made({query.sql, name(cluster), route, now() + *query.timeout});
  const bool transaction = !query.read_only && pick(0, 5) == 0;
  const auto handle =
      transaction ? transact(query, name(cluster)) : execute(query, name(cluster), client);
  if (pick(0, 20) == 0) handle.cancel();
}

/// One that must succeed when all are well.
void ClusterWorld::call_in_time(int cluster, std::string statement) {
  Query query;
  query.sql = std::move(statement);
  query.timeout = milliseconds(2'000);
  query.read_only = !is_write(query.sql);
  if (query.read_only) query.route = static_cast<Route>(pick(0, 3));
  calls_.made(
      {query.sql, name(cluster), query.route.value_or(Route::kPrimary), now() + *query.timeout});
  execute(query, name(cluster), 0);
}

/// Nothing that happens to others concerns it.
void ClusterWorld::call_steady() {
  Query query;
  query.sql = "s" + std::to_string(++next_);
  query.timeout = milliseconds(1'000);
  calls_.made({query.sql, kSteadyOne, Route::kPrimary, now() + *query.timeout});
  execute(query, kSteadyOne, 0);
}

manager::CallHandle ClusterWorld::execute(const Query& query, const std::string& db_id,
                                          int client) {
  manager::Call call;
  call.origin = origin_of(client);
  call.db_id = db_id;
  call.query = query;
  call.done = done_of(query.sql, db_id);
  return manager_->execute(std::move(call));
}

manager::CallHandle ClusterWorld::transact(const Query& query, const std::string& db_id) {
  manager::TransactionCall call;
  call.db_id = db_id;
  call.statements = {query};
  call.statements.front().timeout.reset();
  call.sinks = {nullptr};
  call.options.timeout = *query.timeout;
  call.done = done_of(query.sql, db_id);
  return manager_->transact(std::move(call));
}

std::function<void(Result<Completion>)> ClusterWorld::done_of(std::string statement,
                                                              std::string db_id) {
  return [this, statement = std::move(statement),
          db_id = std::move(db_id)](const Result<Completion>& result) {
    trace(statement + " at " + db_id + ": " +
          (result ? "done by " + result->host : result.error().message));
    calls_.answered(statement, result, now());
    if (result) return;
    const bool may_fail = db_id == kSteadyOne ? scenario_.max_connections > 0 : !well_;
    if (may_fail) return;
    verdict_.broken(db_id == kSteadyOne
                        ? "a healthy database is never refused because of a sick one"
                        : "when all are well again, nothing fails",
                    statement + " at " + db_id + " failed: " + result.error().message);
  };
}

// --- what must be ------------------------------------------------------------------------------

/// A transaction goes on where it began. `known_` is what was known when the clock stood still
/// last: what has come since may cross the statement on its way, and may be why it is sent.
void ClusterWorld::check_sent(int index, int server, const std::string& sql) {
  if (!is_write(sql) && !sql.starts_with('r')) return;
  trace(sql + " is sent to host " + std::to_string(server) + " of " + name(index));
  const bool overtaken = followed_[static_cast<std::size_t>(index)] == cluster(index).timeline();
  if (overtaken && is_write(sql) && cluster(index).is_rogue(server)) {
    verdict_.broken("no write goes back to a primary that was overtaken",
                    sql + " was sent to host " + std::to_string(server));
  }
  const auto& before = known_[static_cast<std::size_t>(index)];
  const auto now = manager_->find(name(index), nullptr)->hosts->view();
  if (!before || !is_wrong(*before, server, sql) || !is_wrong(*now, server, sql)) return;
  verdict_.broken("no call is sent to a host that is known to be the wrong one",
                  sql + " was sent to " + now->hosts[static_cast<std::size_t>(server)].name +
                      ", and it is known that " + now->in_words());
}

bool ClusterWorld::is_wrong(const manager::TopologyView& view, int server,
                            const std::string& sql) const {
  if (view.asleep) return false;
  const auto index = static_cast<std::size_t>(server);
  const HostRole role = view.hosts[index].role;
  const bool of_the_primary = is_write(sql) || calls_.route_of(sql) == Route::kPrimary;
  const bool another = view.primary && *view.primary != index;
  return role == HostRole::kConflict || (of_the_primary && another) ||
         (is_write(sql) && role == HostRole::kReplica);
}

void ClusterWorld::check() {
  for (std::size_t i = 0; i < clusters_.size(); ++i) check_slots(static_cast<int>(i));
  if (scenario_.max_connections > 0) check_budget();
}

void ClusterWorld::check_slots(int index) {
  const auto database = manager_->find(name(index), nullptr);
  for (int server = 0; server < cluster(index).size(); ++server) {
    int slots = 0;
    int most = 0;
    for (const auto& shard : database->shards) {
      if (shard->place().index != static_cast<std::size_t>(server)) continue;
      slots += shard->pool().stats().total();
      most += shard->options().pool.max_size + shard->options().pool.max_overflow;
    }
    const auto& fake = cluster(index).sessions(server);
    const int seen = fake.live() + fake.connecting();
    if (slots == seen && slots <= most) continue;
    verdict_.broken("slots are conserved", "pools at host " + std::to_string(server) + " of " +
                                               name(index) + " have " + std::to_string(slots) +
                                               " of at most " + std::to_string(most) +
                                               " connections, which sees " + std::to_string(seen));
  }
}

void ClusterWorld::check_budget() {
  auto& steady = connectors_.database(kSteadyOne);
  int all = steady.live() + steady.connecting();
  for (const auto& each : clusters_) {
    for (int i = 0; i < each->size(); ++i) {
      all += each->sessions(i).live() + each->sessions(i).connecting();
    }
  }
  if (all <= scenario_.max_connections) return;
  verdict_.broken("no more connections than all may have together",
                  std::to_string(all) + " of " + std::to_string(scenario_.max_connections));
}

// --- the end -----------------------------------------------------------------------------------

void ClusterWorld::recover() {
  random_.seed(scenario_.seed);
  settle();
  trace("all hosts get well");
  for (const auto& each : clusters_) each->wake();
  settle();
  for (const auto& each : clusters_) each->heal();
  settle();
  base::Duration looks{};
  base::Duration breakers{};
  for (const auto& each : scenario_.clusters) {
    looks = std::max<base::Duration>(looks, each.options.routing.monitor_interval * 6 / 5);
    breakers = std::max<base::Duration>(breakers, each.options.breaker.max_open_for * 6 / 5);
  }
  for (base::Duration left = looks + kLongestLook; left.count() > 0; left -= seconds(1)) {
    use_all();  // hosts that nobody uses are not looked at
    advance(std::min<base::Duration>(left, seconds(1)));
  }
  if (verdict_.ok()) check_roles();
  use_all();
  advance(breakers);
  well_ = scenario_.max_connections == 0;
  // One after the other: a breaker that is half-open may let no more through at once.
  for (int i = 0; i < kLastCalls && verdict_.ok(); ++i) {
    for (int at = 0; at < static_cast<int>(clusters_.size()); ++at) {
      const auto number = name(at) + "last" + std::to_string(i);
      call_in_time(at, "w" + number);
      advance(milliseconds(50));
      call_in_time(at, "r" + number);
      advance(milliseconds(50));
    }
  }
}

void ClusterWorld::use_all() {
  for (int at = 0; at < static_cast<int>(clusters_.size()); ++at) {
    call_in_time(at, "w" + name(at) + "again" + std::to_string(++next_));
  }
  settle();
}

void ClusterWorld::check_roles() {
  for (int i = 0; i < static_cast<int>(clusters_.size()); ++i) {
    const auto view = manager_->find(name(i), nullptr)->hosts->view();
    bool right = view->primary == static_cast<std::size_t>(cluster(i).primary());
    for (std::size_t host = 0; host < view->hosts.size(); ++host) {
      const bool primary = view->primary == host;
      const auto& one = view->hosts[host];
      right &= one.up && one.known && (primary || (one.role == HostRole::kReplica && one.lag));
    }
    if (right) continue;
    verdict_.broken(
        "within one interval all hosts are known again",
        view->in_words() + "; the primary is host " + std::to_string(cluster(i).primary()));
  }
}

void ClusterWorld::end() {
  well_ = false;
  bool closed = false;
  manager_->close(milliseconds(pick(0, 1'000)), [&closed] { closed = true; });
  advance(seconds(15));
  if (!verdict_.ok()) return;
  if (!closed) verdict_.broken("closing comes to an end", "it does not");
  calls_.require_all_answered();
  for (int i = 0; i < static_cast<int>(clusters_.size()); ++i) {
    calls_.require_kept(cluster(i), name(i));
    met_.refused_writes += cluster(i).refused_writes();
  }
  const auto left = manager_->connections();
  if (left.taken + left.waiting > 0) {
    verdict_.broken("the budget is whole again", std::to_string(left.taken) + " are taken");
  }
  manager_.reset();
  if (workers_.next_timer()) verdict_.broken("no timer is left behind", "one is");
}

}  // namespace sluice::simulation
