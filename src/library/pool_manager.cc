#include "sluice/pool_manager.h"

#include <atomic>
#include <random>
#include <utility>

#include "base/settings.h"
#include "library/collecting_sink.h"
#include "library/lease_impl.h"
#include "library/stop_request.h"
#include "library/workers.h"
#include "manager/fan_out.h"
#include "manager/manager.h"
#include "postgres/postgres.h"

namespace sluice {
namespace {

using library::CollectingSink;
using library::StopRequest;

/// A result that another thread will give.
template <typename T>
class Promised {
 public:
  [[nodiscard]] std::function<void(T)> receiver() const {
    return [promise = promise_](T value) { promise->set_value(std::move(value)); };
  }
  [[nodiscard]] T wait() { return promise_->get_future().get(); }
  [[nodiscard]] std::future<T> future() { return promise_->get_future(); }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
};

Error would_deadlock() {
  return {.code = ErrorCode::kWouldDeadlock,
          .message =
              "a blocking call was made inside a callback, on a thread of the PoolManager; "
              "use the async_ call, or another thread"};
}

}  // namespace

std::string_view to_string(Health::Verdict verdict) {
  switch (verdict) {
    case Health::Verdict::kHealthy:
      return "healthy";
    case Health::Verdict::kDegraded:
      return "degraded";
    case Health::Verdict::kUnhealthy:
      return "unhealthy";
  }
  return "unhealthy";
}

class __attribute__((visibility("hidden"))) PoolManager::Impl {
 public:
  Impl(ManagerOptions given, std::shared_ptr<Observer> given_observer)
      : options(std::move(given)),
        observer(given_observer ? std::move(given_observer) : std::make_shared<Observer>()),
        connectors(postgres::make_connector_factory({.cancel_threads = options.cancel_threads})),
        workers(options.workers),
        manager({.loops = workers.loops(),
                 .connectors = *connectors,
                 .observer = *observer,
                 .seed = std::random_device{}(),
                 .connections = {options.max_connections, options.max_connections_per_server}}) {}

  /// Waits for what `begin` promises, unless the thread must not wait.
  template <typename T, typename Begin>
  Result<T> blocking(Begin begin) {
    if (manager.on_worker_thread()) return fail(would_deadlock());
    Promised<Result<T>> promised;
    begin(promised.receiver());
    return promised.wait();
  }

  /// A sink for a buffered result of this database.
  std::shared_ptr<CollectingSink> make_sink(std::string_view db_id) {
    const auto database = manager.find(db_id, nullptr);
    const auto& limits = database ? database->options.query : options.defaults.query;
    return std::make_shared<CollectingSink>(limits.max_result_bytes);
  }

  void query(std::string_view db_id, Query query, std::function<void(Result<QueryResult>)> done) {
    auto sink = make_sink(db_id);
    execute(db_id, std::move(query), sink,
            [sink, done = std::move(done)](Result<Completion> result) {
              if (!result) return done(fail(std::move(result.error())));
              done(sink->finish(std::move(*result)));
            });
  }

  void execute(std::string_view db_id, Query query, std::shared_ptr<RowSink> sink,
               std::function<void(Result<Completion>)> done) {
    const std::stop_token token = query.stop;
    manager::Call call;
    call.db_id = db_id;
    call.query = std::move(query);
    call.sink = std::move(sink);
    call.done = std::move(done);
    if (!token.stop_possible()) return void(manager.execute(std::move(call)));

    const auto stop = std::make_shared<StopRequest>();
    call.done = [stop, done = std::move(call.done)](Result<Completion> result) {
      done(std::move(result));
    };
    stop->arm(token, [handle = manager.execute(std::move(call))] { handle.cancel(); });
  }

  std::vector<DatabaseStats> stats(std::vector<manager::DatabasePointer> databases) {
    Promised<std::vector<DatabaseStats>> promised;
    manager.stats(std::move(databases), nullptr, promised.receiver());
    return promised.wait();
  }

  ManagerOptions options;
  std::shared_ptr<Observer> observer;
  std::unique_ptr<pool::ConnectorFactory> connectors;
  library::Workers workers;
  manager::Manager manager;
  library::LeaseBook leases;
  std::atomic<bool> closing{false};
  std::promise<void> closed_promise;
  std::shared_future<void> closed{closed_promise.get_future()};
};

PoolManager::PoolManager(ManagerOptions options, std::shared_ptr<Observer> observer)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(observer))) {}

PoolManager::~PoolManager() {
  if (!close(std::chrono::milliseconds(0))) impl_->closed.wait();
  impl_->workers.stop();
}

Result<Connected> PoolManager::connect(const Target& target, std::string_view db_id) {
  return connect(target, impl_->options.defaults, db_id);
}

Result<Connected> PoolManager::connect(const Target& target, const DatabaseOptions& options,
                                       std::string_view db_id) {
  return impl_->blocking<Connected>([&](std::function<void(Result<Connected>)> done) {
    impl_->manager.connect({target, options, std::string(db_id), true, std::move(done)});
  });
}

Status PoolManager::add(std::string_view db_id, const Target& target,
                        const DatabaseOptions& options) {
  const auto added = impl_->blocking<Connected>([&](std::function<void(Result<Connected>)> done) {
    impl_->manager.connect({target, options, std::string(db_id), false, std::move(done)});
  });
  if (!added) return fail(added.error());
  return {};
}

Status PoolManager::disconnect(std::string_view db_id, std::chrono::milliseconds patience) {
  if (impl_->manager.on_worker_thread()) return fail(would_deadlock());
  Promised<Status> promised;
  impl_->manager.disconnect(std::string(db_id), patience, promised.receiver());
  auto done = promised.future();
  if (done.wait_for(patience) == std::future_status::timeout) {
    if (const int out = impl_->leases.out_of(db_id)) return fail(library::still_out(out, db_id));
  }
  return done.get();
}

Result<QueryResult> PoolManager::query(std::string_view db_id, Query query) {
  return impl_->blocking<QueryResult>([&](std::function<void(Result<QueryResult>)> done) {
    impl_->query(db_id, std::move(query), std::move(done));
  });
}

std::future<Result<QueryResult>> PoolManager::query_future(std::string_view db_id, Query query) {
  auto promise = std::make_shared<std::promise<Result<QueryResult>>>();
  auto future = promise->get_future();
  impl_->query(db_id, std::move(query),
               [promise](Result<QueryResult> result) { promise->set_value(std::move(result)); });
  return future;
}

void PoolManager::async_query(std::string_view db_id, Query query,
                              std::function<void(Result<QueryResult>)> done) {
  impl_->query(db_id, std::move(query), std::move(done));
}

void PoolManager::async_query(std::string_view db_id, Query query, std::shared_ptr<RowSink> sink,
                              std::function<void(Result<Completion>)> done) {
  impl_->execute(db_id, std::move(query), std::move(sink), std::move(done));
}

Result<std::vector<QueryResult>> PoolManager::transaction(std::string_view db_id,
                                                          std::vector<Query> statements,
                                                          TransactionOptions options) {
  if (impl_->manager.on_worker_thread()) return fail(would_deadlock());
  std::vector<std::shared_ptr<CollectingSink>> sinks;
  manager::TransactionCall call;
  call.db_id = db_id;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    sinks.push_back(impl_->make_sink(db_id));
    call.sinks.push_back(sinks.back());
  }
  call.statements = std::move(statements);
  call.options = options;
  const auto results = std::make_shared<std::vector<QueryResult>>(sinks.size());
  call.statement_done = [results, sinks](std::size_t index, const Completion& completion) {
    (*results)[index] = sinks[index]->finish(completion);
  };
  Promised<Result<Completion>> promised;
  call.done = promised.receiver();
  const auto handle = impl_->manager.transact(std::move(call));
  StopRequest stop;
  stop.arm(options.stop, [handle] { handle.cancel(); });
  if (auto done = promised.wait(); !done) return fail(std::move(done.error()));
  return std::move(*results);
}

FanOutResult PoolManager::fan_out(FanOut fan_out) {
  const auto started = std::chrono::steady_clock::now();
  FanOutResult result;
  auto ids = manager::resolve_targets(fan_out.targets, impl_->manager);
  if (!ids || impl_->manager.on_worker_thread()) {
    result.legs.push_back({"", fail(ids ? would_deadlock() : ids.error()), {}});
    result.enough = false;
    return result;
  }
  std::vector<std::shared_ptr<CollectingSink>> sinks(ids->size());
  result.legs.resize(ids->size(), Leg{"", QueryResult{}, {}});
  for (std::size_t i = 0; i < ids->size(); ++i) result.legs[i].db_id = (*ids)[i];

  manager::FanOutRun::Order order;
  order.db_ids = std::move(*ids);
  order.query = std::move(fan_out.query);
  order.query.read_only |= !fan_out.write;
  const std::stop_token token = order.query.stop;
  order.concurrency = fan_out.concurrency;
  order.started_at = started;
  if (fan_out.deadline) order.deadline = base::Deadline::after(started, *fan_out.deadline);
  order.make_sink = [this, &sinks, &result](std::size_t leg) {
    return sinks[leg] = impl_->make_sink(result.legs[leg].db_id);
  };
  order.leg_done = [&](std::size_t leg, Result<Completion> done, base::Duration elapsed) {
    result.legs[leg].elapsed = std::chrono::duration_cast<std::chrono::microseconds>(elapsed);
    if (done) {
      result.legs[leg].result = sinks[leg]->finish(std::move(*done));
    } else {
      result.legs[leg].result = fail(std::move(done.error()));
    }
  };
  std::promise<void> all_done;
  order.done = [&all_done] { all_done.set_value(); };
  base::EventLoop& loop = impl_->manager.control_loop();
  const auto run = std::make_shared<manager::FanOutRun>(impl_->manager, loop, std::move(order));
  loop.post([run] { run->start(); });
  StopRequest stop;
  stop.arm(token, [&loop, run] { loop.post([run] { run->cancel(); }); });
  all_done.get_future().wait();
  int successes = 0;
  for (const Leg& leg : result.legs) successes += leg.result ? 1 : 0;
  result.enough = successes >= fan_out.min_successes;
  result.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started);
  return result;
}

Result<Lease> PoolManager::acquire(std::string_view db_id,
                                   std::optional<std::chrono::milliseconds> patience) {
  auto loan = impl_->blocking<std::shared_ptr<std::unique_ptr<manager::Loan>>>([&](auto done) {
    impl_->manager.lend(db_id, patience, [done](Result<std::unique_ptr<manager::Loan>> lent) {
      if (!lent) return done(fail(std::move(lent.error())));
      done(std::make_shared<std::unique_ptr<manager::Loan>>(std::move(*lent)));
    });
  });
  if (!loan) return fail(std::move(loan.error()));
  return Lease(std::make_unique<Lease::Impl>(std::move(**loan), impl_->leases));
}

std::vector<std::string> PoolManager::databases() const {
  std::vector<std::string> ids;
  for (const auto& database : impl_->manager.databases()) ids.push_back(database->db_id);
  return ids;
}

Result<DatabaseStats> PoolManager::stats(std::string_view db_id) const {
  if (impl_->manager.on_worker_thread()) return fail(would_deadlock());
  const auto database = impl_->manager.find(db_id, nullptr);
  if (!database) return fail(manager::unknown_database(db_id));
  return std::move(impl_->stats({database}).front());
}

std::vector<DatabaseStats> PoolManager::stats() const {
  if (impl_->manager.on_worker_thread()) return {};
  return impl_->stats(impl_->manager.databases());
}

Health PoolManager::health(bool probe) const {
  if (impl_->manager.on_worker_thread()) return {};
  Promised<Health> promised;
  impl_->manager.health(probe, nullptr, promised.receiver());
  return promised.wait();
}

Status PoolManager::configure(std::string_view db_id, const DatabaseOptions& options) {
  return impl_->blocking<void>([&](std::function<void(Status)> done) {
    impl_->manager.configure(std::string(db_id), options, std::move(done));
  });
}

Status PoolManager::pause(std::string_view db_id) {
  return impl_->blocking<void>([&](std::function<void(Status)> done) {
    impl_->manager.control(
        db_id, [](manager::Shard& shard) { shard.pause(); }, std::move(done));
  });
}

Status PoolManager::drain(std::string_view db_id) {
  return impl_->blocking<void>([&](std::function<void(Status)> done) {
    impl_->manager.control(
        db_id, [](manager::Shard& shard) { shard.quiesce(); }, std::move(done));
  });
}

Status PoolManager::resume(std::string_view db_id) {
  return impl_->blocking<void>([&](std::function<void(Status)> done) {
    impl_->manager.control(
        db_id, [](manager::Shard& shard) { shard.resume(); }, std::move(done));
  });
}

Status PoolManager::reconnect(std::string_view db_id) {
  return impl_->blocking<void>([&](std::function<void(Status)> done) {
    impl_->manager.control(
        db_id, [](manager::Shard& shard) { shard.reconnect(); }, std::move(done));
  });
}

Status PoolManager::force_breaker(std::string_view db_id, BreakerState state, std::string reason,
                                  std::optional<std::chrono::milliseconds> duration) {
  return impl_->blocking<void>([&](std::function<void(Status)> done) {
    impl_->manager.control(
        db_id,
        [state, reason, duration](manager::Shard& shard) {
          shard.force_breaker(state, duration, reason);
        },
        std::move(done));
  });
}

Status PoolManager::close(std::chrono::milliseconds patience) {
  if (impl_->manager.on_worker_thread()) return fail(would_deadlock());
  if (!impl_->closing.exchange(true)) {
    impl_->manager.close(patience, [this] { impl_->closed_promise.set_value(); });
  }
  if (impl_->closed.wait_for(patience) == std::future_status::timeout) {
    if (const int out = impl_->leases.out_of_all()) return fail(library::still_out(out, {}));
  }
  impl_->closed.wait();
  return {};
}

}  // namespace sluice
