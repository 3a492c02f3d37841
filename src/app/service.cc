#include "app/service.h"

#include <exception>
#include <future>
#include <random>
#include <utility>

#include "app/access_log.h"
#include "app/slow_query_log.h"
#include "gateway/version.h"
#include "postgres/postgres.h"

namespace sluice::app {
namespace {

http::ServerOptions server_options(const config::ServerConfig& config) {
  http::ServerOptions options;
  options.listen = config.listen;
  options.workers = config.workers;
  options.max_connections = config.max_connections;
  options.max_head_bytes = static_cast<std::size_t>(config.max_head_bytes);
  options.max_body_bytes = static_cast<std::size_t>(config.max_body_bytes);
  options.head_timeout = config.head_timeout;
  options.body_timeout = config.body_timeout;
  options.idle_timeout = config.idle_timeout;
  options.write_timeout = config.write_timeout;
  options.min_read_bytes_per_second = config.min_read_bytes_per_second;
  options.gzip = config.gzip;
  options.cors_origins = config.cors_origins;
  options.allowed_hosts = config.allowed_hosts;
  return options;
}

/// The audit trail: who did what. The other kinds have lines of their own.
void log_event(Log& log, const gateway::Event& event) {
  if (event.kind != gateway::EventKind::kOperator) return;
  log.info("operator action",
           {{"db_id", event.db_id}, {"actor", event.actor}, {"action", event.message}});
}

/// Whether what was read there before may not be what it is now.
bool changes_database(const gateway::Event& event) {
  return event.kind == gateway::EventKind::kOperator || event.kind == gateway::EventKind::kDatabase;
}

metrics::TextOptions text_options(const config::MetricsConfig& config) {
  metrics::TextOptions options;
  options.max_series = config.max_series;
  options.pgbouncer_names = !config.compat.empty();
  return options;
}

std::vector<base::EventLoop*> as_event_loops(const std::vector<base::EpollLoop*>& loops) {
  return {loops.begin(), loops.end()};
}

}  // namespace

Result<Service::RulesPointer> Service::access_rules(const config::Config& config) {
  auto hosts = security::HostRules::parse(config.security.connect_hosts);
  if (!hosts) return fail(std::move(hosts.error()));
  return std::make_shared<const gateway::AccessRules>(gateway::AccessRules{
      security::ApiKeys(config.security.api_keys, config.limits), std::move(*hosts),
      config.defaults, config.log.trace_comment, config.limits});
}

Result<std::unique_ptr<Service>> Service::create(const config::LoadResult& loaded, Log& log) {
  auto rules = access_rules(loaded.config);
  if (!rules) return fail(std::move(rules.error()));
  auto server = http::Server::create(server_options(loaded.config.server));
  if (!server) return fail(std::move(server.error()));
  return std::unique_ptr<Service>(new Service(loaded, log, std::move(*server), *rules));
}

Service::Service(const config::LoadResult& loaded, Log& log, std::unique_ptr<http::Server> server,
                 const RulesPointer& rules)
    : config_(loaded.config),
      observer_(std::make_unique<LogObserver>(log, events_, config_.log.pool_events)),
      connectors_(postgres::make_connector_factory({})),
      in_flight_({config_.server.max_in_flight, config_.server.max_in_flight_bytes}),
      server_(std::move(server)),
      manager_({.loops = as_event_loops(server_->loops()),
                .connectors = *connectors_,
                .observer = *observer_,
                .seed = std::random_device{}(),
                .connections = {config_.pools.max_connections,
                                config_.pools.max_connections_per_server}}),
      gateway_(
          {manager_, events_, as_event_loops(server_->loops()), in_flight_,
           [&log](const gateway::SlowQuery& slow) { log_slow_query(log, slow); },
           config_.server.chaos_socket, static_cast<std::size_t>(config_.server.idempotency_bytes),
           static_cast<std::size_t>(config_.server.result_cache_bytes)},
          rules),
      api_(router_, gateway_),
      log_(log),
      logs_access_(config_.log.access) {
  http::add_all_routes(api_);
  if (!config_.server.chaos_socket.empty()) http::add_admin_chaos_routes(api_);
  gateway_.configuration().set(loaded.report);
  gateway_.watch().set_slow_after(config_.log.slow_query);
  events_.on_event([this](const gateway::Event& event) {
    log_event(log_, event);
    if (changes_database(event)) gateway_.result_cache().forget(event.db_id);
    gateway_.snapshots().note_change();
  });
  gateway_.set_trouble_source([&log] { return log.recent_troubles(); });
  gateway_.set_facts_source(
      [this, text = text_options(config_.metrics)](metrics::ProcessFacts& facts) {
        facts.text = text;
        add_facts(facts);
      });
}

Service::~Service() { stop(std::chrono::milliseconds(0)); }

std::vector<base::EventLoop*> Service::workers() const { return as_event_loops(server_->loops()); }

Status Service::run_workers() {
  try {
    server_->run(router_, [this](const http::AccessRecord& record) { note_access(record); });
  } catch (const std::exception& error) {
    Error failure;
    failure.message = std::string("cannot run the workers: ") + error.what();
    return fail(std::move(failure));
  }
  runs_ = true;
  return {};
}

Status Service::start() {
  if (auto running = run_workers(); !running) return running;
  for (const auto& database : config_.databases) {
    if (auto registered = register_database(database); !registered) return registered;
  }
  events_.record({.kind = gateway::EventKind::kServer,
                  .message = "the server started, version " + std::string(gateway::version())});
  server_->start_accepting();
  return {};
}

void Service::note_access(const http::AccessRecord& record) {
  const auto method = Pistache::Http::methodString(record.request.method);
  gateway_.request_metrics().record({method, record.request.route, record.status}, record.elapsed);
  if (logs_access_) log_access(log_, record);
}

void Service::add_facts(metrics::ProcessFacts& facts) const {
  facts.active_requests = server_->busy_connections();
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    facts.log_lines.push_back({to_string(level), log_.lines(level)});
  }
}

Status Service::register_database(const config::DatabaseConfig& database) {
  std::promise<Result<Connected>> promise;
  manager_.connect(
      {database.target, database.options, database.db_id, false,
       [&promise](Result<Connected> result) { promise.set_value(std::move(result)); }});
  auto registered = promise.get_future().get();
  if (!registered) return fail(std::move(registered.error()));
  return {};
}

void Service::remove_database(const std::string& db_id) {
  manager_.disconnect(db_id, config_.server.drain_timeout, [](const Status&) {});
}

void Service::apply_log_switches(const config::LogConfig& config) {
  log_.set_level(config.level);
  observer_->tell_pool_events(config.pool_events);
  logs_access_ = config.access;
  gateway_.watch().set_slow_after(config.slow_query);
}

void Service::stop(std::chrono::milliseconds patience) {
  if (!std::exchange(runs_, false)) return;
  std::promise<void> closed;
  manager_.close(patience, [&closed] { closed.set_value(); });
  closed.get_future().wait();
  server_->stop();
  events_.on_event(nullptr);  // nobody is left to tell, and the gateway goes before the events do
}

}  // namespace sluice::app
