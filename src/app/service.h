#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/log_observer.h"
#include "app/log_sink.h"
#include "config/config.h"
#include "gateway/gateway.h"
#include "http/api.h"
#include "http/router.h"
#include "http/server.h"
#include "manager/manager.h"
#include "pool/connection.h"
#include "sluice/observer.h"
#include "sluice/result.h"

namespace sluice::app {

/// The running service: the one place where the object graph is put together. Used by the main
/// thread; its functions block until done.
class Service {
 public:
  /// Binds the address. Nothing is served before `start`.
  [[nodiscard]] static Result<std::unique_ptr<Service>> create(const config::LoadResult& loaded,
                                                               Log& log);
  ~Service();

  /// Registers the configured databases (without connecting), then begins to serve.
  [[nodiscard]] Status start();
  [[nodiscard]] std::string address() const { return server_->address(); }
  /// Takes over what can change while running: databases, their settings, keys, host rules, the
  /// log's switches. Databases that were connected dynamically stay. With mistakes, or as a dry
  /// run, nothing changes. (service_reload.cc)
  gateway::ReloadReport reload(const config::LoadResult& loaded, const gateway::ReloadOrder& order);
  /// What is in force.
  [[nodiscard]] const config::Config& config() const { return config_; }
  /// Whom the API's orders to reload go to. Before `start`.
  void on_reload_order(std::function<void(gateway::ReloadOrder)> reader) {
    gateway_.configuration().on_order(std::move(reader));
  }

  /// `/readyz` says no from now on.
  void announce_drain() { gateway_.start_draining(); }
  /// Takes no new connections.
  void stop_accepting() { server_->stop_accepting(); }
  [[nodiscard]] bool idle() const { return server_->busy_connections() == 0; }
  /// For those who want to know that all of them work.
  [[nodiscard]] std::vector<base::EventLoop*> workers() const;
  /// Cancels what still runs after `patience`, closes every pool, ends every thread.
  void stop(std::chrono::milliseconds patience);

 private:
  using RulesPointer = std::shared_ptr<const gateway::AccessRules>;

  Service(const config::LoadResult& loaded, Log& log, std::unique_ptr<http::Server> server,
          const RulesPointer& rules);
  [[nodiscard]] static Result<RulesPointer> access_rules(const config::Config& config);
  [[nodiscard]] Status run_workers();
  void note_access(const http::AccessRecord& record);
  void add_facts(metrics::ProcessFacts& facts) const;
  [[nodiscard]] Status register_database(const config::DatabaseConfig& database);
  /// Does not wait for what still runs there.
  void remove_database(const std::string& db_id);
  void apply_log_switches(const config::LogConfig& config);
  [[nodiscard]] std::vector<config::ConfigMistake> obstacles(const config::Config& config);
  void take_over(const config::LoadResult& loaded, gateway::ReloadReport& report);
  void take_over_databases(const config::Config& config, gateway::ReloadReport& report);
  void tell(const gateway::ReloadReport& report);

  config::Config config_;
  gateway::Events events_;
  std::unique_ptr<LogObserver> observer_;
  std::unique_ptr<pool::ConnectorFactory> connectors_;
  gateway::InFlight in_flight_;  // before the server, whose connections may hold parts of it
  std::unique_ptr<http::Server> server_;
  manager::Manager manager_;
  gateway::Gateway gateway_;
  http::Router router_;
  http::Api api_;
  Log& log_;
  std::atomic<bool> logs_access_;
  bool runs_ = false;  // the workers do
};

}  // namespace sluice::app
