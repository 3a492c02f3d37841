#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "gateway/admission.h"
#include "gateway/cached_queries.h"
#include "gateway/configuration.h"
#include "gateway/events.h"
#include "gateway/explain_service.h"
#include "gateway/fan_out_service.h"
#include "gateway/idempotency.h"
#include "gateway/operations.h"
#include "gateway/per_worker.h"
#include "gateway/query_service.h"
#include "gateway/query_watch.h"
#include "gateway/request_metrics.h"
#include "gateway/schema_service.h"
#include "gateway/server_view.h"
#include "gateway/session_service.h"
#include "gateway/snapshots.h"
#include "gateway/stream_service.h"
#include "gateway/transaction_service.h"
#include "json/requests.h"
#include "manager/manager.h"
#include "metrics/process_facts.h"
#include "postgres/task_threads.h"
#include "security/api_keys.h"
#include "security/host_rules.h"

namespace sluice::gateway {

/// Who may do what; replaced as a whole when the configuration is read again.
struct AccessRules {
  security::ApiKeys keys;
  security::HostRules connect_hosts;
  DatabaseOptions defaults;          ///< what a connect starts from
  bool trace_comment = false;        ///< log.trace_comment
  config::ClientLimits limits = {};  ///< of clients whose key names none

  /// Without any key configured, everybody is admin.
  [[nodiscard]] std::optional<security::Principal> authenticate(
      std::string_view authorization) const;
};

/// What the service does, without HTTP: the one object that the routes talk to. Thread-safe; every
/// function returns at once and answers through its callback on the given worker's loop.
class Gateway {
 public:
  struct Dependencies {
    manager::Manager& manager;
    Events& events;
    std::vector<base::EventLoop*> workers;
    InFlight& in_flight;                                  ///< outlives every request
    std::function<void(const SlowQuery&)> on_slow_query;  ///< called on workers' threads
    std::string chaos_socket;                             ///< server.chaos_socket
    std::size_t idempotency_bytes = 64 << 20;             ///< server.idempotency_bytes
    std::size_t result_cache_bytes = 64 << 20;            ///< server.result_cache_bytes
  };
  /// Before the workers run.
  Gateway(const Dependencies& dependencies, const std::shared_ptr<const AccessRules>& rules);

  /// Empty: no or bad credentials. On a worker's thread.
  [[nodiscard]] std::optional<security::Principal> authenticate(
      std::string_view authorization) const {
    return rules().authenticate(authorization);
  }
  /// The rules in force. On a worker's thread; valid until that thread's next turn.
  [[nodiscard]] const AccessRules& rules() const { return **rules_.own(); }
  /// From any thread; each worker takes them over on its next turn.
  void replace_rules(const std::shared_ptr<const AccessRules>& rules);

  /// What operators do, and what has happened.
  [[nodiscard]] Operations& operations() { return operations_; }
  [[nodiscard]] const Events& events() const { return events_; }
  [[nodiscard]] Configuration& configuration() { return configuration_; }
  [[nodiscard]] const Configuration& configuration() const { return configuration_; }
  /// Who may have statements worked on.
  [[nodiscard]] Admissions& admissions() { return admissions_; }
  [[nodiscard]] QueryWatch& watch() { return watch_; }
  [[nodiscard]] QueryService& queries() { return queries_; }
  /// Those whose results may be kept.
  [[nodiscard]] CachedQueries& cached_queries() { return cached_queries_; }
  [[nodiscard]] ResultCache& result_cache() { return result_cache_; }
  [[nodiscard]] StreamService& streams() { return streams_; }
  [[nodiscard]] TransactionService& transactions() { return transactions_; }
  /// Requests that are to be carried out once.
  [[nodiscard]] IdempotencyStore& once() { return once_; }
  [[nodiscard]] ExplainService& explains() { return explains_; }
  [[nodiscard]] SchemaService& schemas() { return schemas_; }
  [[nodiscard]] SessionService& sessions() { return sessions_; }
  [[nodiscard]] FanOutService& fan_outs() { return fan_outs_; }
  [[nodiscard]] Snapshots& snapshots() { return snapshots_; }
  [[nodiscard]] RequestMetrics& request_metrics() { return request_metrics_; }

  /// What is told of the process, besides its databases. Reads /proc.
  [[nodiscard]] metrics::ProcessFacts process_facts() const;
  /// Who knows what the gateway does not; called on any worker. Set before the workers run.
  void set_facts_source(std::function<void(metrics::ProcessFacts&)> source) {
    facts_source_ = std::move(source);
  }

  /// The log's last warnings and errors, as JSON.
  [[nodiscard]] std::vector<std::string> recent_troubles() const {
    return trouble_source_ ? trouble_source_() : std::vector<std::string>();
  }
  /// Who keeps them; called on any worker. Set before the workers run.
  void set_trouble_source(std::function<std::vector<std::string>()> source) {
    trouble_source_ = std::move(source);
  }

  /// What a connect starts from: the database as it is, if it is there, else the defaults.
  [[nodiscard]] json::ConnectRequest connect_base(const json::ConnectRequest& wanted) const;
  /// The first of the target's hosts that the host rules keep a dynamic connect from; `connect`
  /// itself does not ask.
  [[nodiscard]] std::optional<std::string> forbidden_host(const Target& target) const;
  /// The settings in force, or an error for an id that is not registered.
  [[nodiscard]] Result<DatabaseOptions> options_of(std::string_view db_id) const;
  /// Which database that id stands for: the same text as long as hosts, database and user stay the
  /// same. Empty for an id that is not registered.
  [[nodiscard]] std::string identity_of(std::string_view db_id, const base::EventLoop& loop) const;
  void stats(std::string_view db_id, base::EventLoop& loop,
             std::function<void(Result<DatabaseStats>)> done);
  void stats(base::EventLoop& loop, std::function<void(std::vector<DatabaseStats>)> done);
  /// What is queued and running, at one database or (`db_id` empty) at all; the oldest first.
  void live_calls(const std::string& db_id, base::EventLoop& loop,
                  std::function<void(std::vector<manager::LiveCall>)> done);
  void health(bool probe, base::EventLoop& loop, std::function<void(Health)> done);
  /// The server's own figures, encoded as JSON; at most 10 s old.
  void server_view(std::string db_id, base::EventLoop& loop,
                   std::function<void(Result<std::string>)> done);

  /// For long computations: on a thread beside the workers, one after the other. The task owns all
  /// it touches.
  void in_background(std::function<void()> task) { background_.run(std::move(task)); }

  /// From now on `/readyz` says no, so that load balancers look elsewhere.
  void start_draining();
  [[nodiscard]] bool draining() const { return draining_; }

 private:
  manager::Manager& manager_;
  Events& events_;
  PerWorker<std::shared_ptr<const AccessRules>> rules_;
  Operations operations_;
  Configuration configuration_;
  RequestMetrics request_metrics_;
  InFlight& in_flight_;
  Admissions admissions_;
  QueryWatch watch_;
  QueryService queries_;
  ResultCache result_cache_;
  CachedQueries cached_queries_;
  StreamService streams_;
  TransactionService transactions_;
  IdempotencyStore once_;
  ExplainService explains_;
  SchemaService schemas_;
  SessionService sessions_;
  FanOutService fan_outs_;
  ServerView server_view_;
  std::function<void(metrics::ProcessFacts&)> facts_source_;
  std::function<std::vector<std::string>()> trouble_source_;
  std::atomic<bool> draining_{false};
  postgres::TaskThreads background_{"sluice-other", 1};
  Snapshots snapshots_;
};

}  // namespace sluice::gateway
