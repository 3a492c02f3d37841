#include "gateway/gateway.h"

#include <utility>

#include "gateway/version.h"
#include "manager/live_call.h"

namespace sluice::gateway {

std::optional<security::Principal> AccessRules::authenticate(std::string_view authorization) const {
  if (keys.open()) {
    return security::Principal{std::string(manager::kAnonymous), security::Role::kAdmin, limits,
                               true};
  }
  return keys.authenticate(authorization);
}

Gateway::Gateway(const Dependencies& dependencies, const std::shared_ptr<const AccessRules>& rules)
    : manager_(dependencies.manager),
      events_(dependencies.events),
      rules_(dependencies.workers),
      operations_(manager_, events_, dependencies.chaos_socket),
      request_metrics_(dependencies.workers),
      in_flight_(dependencies.in_flight),
      admissions_(in_flight_, request_metrics_, dependencies.workers),
      watch_(dependencies.workers, dependencies.on_slow_query),
      queries_(manager_, watch_, in_flight_),
      result_cache_(dependencies.result_cache_bytes),
      cached_queries_(manager_, queries_, result_cache_, in_flight_),
      streams_(manager_, watch_, in_flight_),
      transactions_(manager_, watch_, in_flight_),
      once_(dependencies.idempotency_bytes),
      explains_(manager_, watch_),
      schemas_(manager_, watch_),
      sessions_(manager_, operations_),
      fan_outs_(manager_, watch_, in_flight_),
      server_view_(manager_),
      snapshots_(manager_, *dependencies.workers.front(), draining_) {
  rules_.for_each([&rules](const base::EventLoop&, auto& own) { own = rules; });
  if (operations_.has_chaos()) snapshots_.say_it_is_the_demo();
}

void Gateway::replace_rules(const std::shared_ptr<const AccessRules>& rules) {
  rules_.for_each(
      [&rules](base::EventLoop& loop, auto& own) { loop.post([&own, rules] { own = rules; }); });
}

metrics::ProcessFacts Gateway::process_facts() const {
  metrics::ProcessFacts facts;
  facts.version = version();
  facts.libpq_version = libpq_version();
  facts.draining = draining();
  facts.usage = metrics::read_process_usage();
  facts.reload = configuration_.reload_facts();
  request_metrics_.add_to(facts);
  facts.cache = result_cache_.facts();
  const auto connections = manager_.connections();
  facts.in_flight = {in_flight_.requests(), in_flight_.limits().requests,
                     in_flight_.bytes(),    in_flight_.limits().bytes,
                     connections.taken,     connections.limit,
                     connections.waiting};
  if (facts_source_) facts_source_(facts);
  return facts;
}

json::ConnectRequest Gateway::connect_base(const json::ConnectRequest& wanted) const {
  const auto database =
      wanted.db_id.empty() ? manager_.find(wanted.target) : manager_.find(wanted.db_id, nullptr);
  if (!database || !database->target.same_as(wanted.target)) return {{}, {}, rules().defaults};
  return {database->target, database->db_id, database->options};
}

std::optional<std::string> Gateway::forbidden_host(const Target& target) const {
  for (const Host& host : target.hosts()) {
    if (!rules().connect_hosts.allows(host.name)) return host.name;
  }
  return std::nullopt;
}

Result<DatabaseOptions> Gateway::options_of(std::string_view db_id) const {
  const auto database = manager_.find(db_id, nullptr);
  if (!database) return fail(manager::unknown_database(db_id));
  return database->options;
}

std::string Gateway::identity_of(std::string_view db_id, const base::EventLoop& loop) const {
  const auto database = manager_.find(db_id, &loop);
  return database ? database->target.default_db_id() : std::string();
}

void Gateway::stats(std::string_view db_id, base::EventLoop& loop,
                    std::function<void(Result<DatabaseStats>)> done) {
  auto database = manager_.find(db_id, nullptr);
  if (!database) return done(fail(manager::unknown_database(db_id)));
  manager_.stats({std::move(database)}, &loop,
                 [done = std::move(done)](std::vector<DatabaseStats> stats) {
                   done(std::move(stats.front()));
                 });
}

void Gateway::stats(base::EventLoop& loop, std::function<void(std::vector<DatabaseStats>)> done) {
  manager_.stats(manager_.databases(), &loop, std::move(done));
}

void Gateway::live_calls(const std::string& db_id, base::EventLoop& loop,
                         std::function<void(std::vector<manager::LiveCall>)> done) {
  manager_.live_calls().list(db_id, loop, std::move(done));
}

void Gateway::start_draining() {
  if (draining_.exchange(true)) return;
  events_.record({.kind = EventKind::kServer, .message = "the server drains and will stop"});
}

void Gateway::health(bool probe, base::EventLoop& loop, std::function<void(Health)> done) {
  manager_.health(probe, &loop, std::move(done));
}

void Gateway::server_view(std::string db_id, base::EventLoop& loop,
                          std::function<void(Result<std::string>)> done) {
  server_view_.fetch(std::move(db_id), loop, std::move(done));
}

}  // namespace sluice::gateway
