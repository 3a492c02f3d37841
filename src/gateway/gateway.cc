#include "gateway/gateway.h"

#include <utility>

namespace sluice::gateway {
namespace {

/// The callback, carried to a loop.
template <typename T>
std::function<void(T)> on_loop(base::EventLoop& loop, std::function<void(T)> done) {
  return [&loop, done = std::move(done)](T value) {
    loop.post([done, value = std::move(value)]() mutable { done(std::move(value)); });
  };
}

}  // namespace

std::optional<security::Principal> AccessRules::authenticate(std::string_view authorization) const {
  if (keys.open()) return security::Principal{"anonymous", security::Role::kAdmin};
  return keys.authenticate(authorization);
}

Gateway::Gateway(manager::Manager& manager, const std::shared_ptr<const AccessRules>& rules,
                 const std::vector<base::EventLoop*>& workers)
    : manager_(manager),
      rules_(workers),
      queries_(manager),
      fan_outs_(manager),
      server_view_(manager),
      request_metrics_(workers),
      snapshots_(manager, *workers.front(), draining_) {
  rules_.for_each([&rules](const base::EventLoop&, auto& own) { own = rules; });
}

void Gateway::replace_rules(const std::shared_ptr<const AccessRules>& rules) {
  rules_.for_each(
      [&rules](base::EventLoop& loop, auto& own) { loop.post([&own, rules] { own = rules; }); });
}

json::ConnectRequest Gateway::connect_base(const json::ConnectRequest& wanted) const {
  const auto database =
      wanted.db_id.empty() ? manager_.find(wanted.target) : manager_.find(wanted.db_id, nullptr);
  if (!database || !database->target.same_as(wanted.target)) return {{}, {}, rules().defaults};
  return {database->target, database->db_id, database->options};
}

bool Gateway::connect_allowed(const Target& target) const {
  return rules().connect_hosts.allows(target.host);
}

void Gateway::connect(json::ConnectRequest request, base::EventLoop& loop,
                      std::function<void(Result<Connected>)> done) {
  manager_.connect({std::move(request.target), std::move(request.options), std::move(request.db_id),
                    true, on_loop(loop, std::move(done))});
}

void Gateway::disconnect(std::string db_id, base::Duration patience, base::EventLoop& loop,
                         std::function<void(Status)> done) {
  manager_.disconnect(std::move(db_id), patience, on_loop(loop, std::move(done)));
}

void Gateway::configure(std::string db_id, DatabaseOptions options, base::EventLoop& loop,
                        std::function<void(Status)> done) {
  manager_.configure(std::move(db_id), std::move(options), on_loop(loop, std::move(done)));
}

void Gateway::force_breaker(std::string db_id, json::BreakerRequest request, base::EventLoop& loop,
                            std::function<void(Status)> done) {
  manager_.control(
      db_id,
      [request = std::move(request)](manager::Shard& shard) {
        shard.force_breaker(request.state, request.duration, request.reason);
      },
      on_loop(loop, std::move(done)));
}

Result<DatabaseOptions> Gateway::options_of(std::string_view db_id) const {
  const auto database = manager_.find(db_id, nullptr);
  if (!database) return fail(manager::unknown_database(db_id));
  return database->options;
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

void Gateway::health(bool probe, base::EventLoop& loop, std::function<void(Health)> done) {
  manager_.health(probe, &loop, std::move(done));
}

void Gateway::server_view(std::string db_id, base::EventLoop& loop,
                          std::function<void(Result<std::string>)> done) {
  server_view_.fetch(std::move(db_id), loop, std::move(done));
}

}  // namespace sluice::gateway
