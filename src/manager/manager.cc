#include "manager/manager.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::manager {
namespace {

constexpr std::chrono::seconds kProbePatience{5};

/// Answers a call that never reached a database.
void refuse(base::EventLoop* reply_to, base::EventLoop& fallback,
            std::function<void(Result<Completion>)> done, Error error) {
  base::EventLoop& loop = reply_to ? *reply_to : fallback;
  if (loop.is_current()) return done(fail(std::move(error)));
  loop.post([done = std::move(done), error = std::move(error)] { done(fail(error)); });
}

struct Patience {
  base::Duration whole;
  base::Duration silence{};  ///< as Plan::silence
};

/// The longest time that may be asked for, and the setting that says so.
struct Longest {
  std::chrono::milliseconds time;
  std::string_view setting;
};

Longest longest_of_calls(const QueryLimits& limits) {
  return {limits.max_timeout, "query.max_timeout_ms"};
}

Longest longest_of_streams(const QueryLimits& limits) {
  if (limits.max_timeout > limits.stream_timeout) return longest_of_calls(limits);
  return {limits.stream_timeout, "query.stream_timeout_ms"};
}

Result<base::Duration> patience_within(std::optional<std::chrono::milliseconds> asked,
                                       std::chrono::milliseconds usual, const Longest& longest) {
  const auto timeout = asked.value_or(usual);
  if (timeout > longest.time || timeout.count() <= 0) {
    const auto text = "must be from 1 to " + std::to_string(longest.time.count()) + " (" +
                      std::string(longest.setting) + ")";
    return fail(invalid_request("timeout_ms " + text, {{"timeout_ms", text}}));
  }
  return timeout;
}

Result<base::Duration> patience_of(const Query& query, const QueryLimits& limits) {
  return patience_within(query.timeout, limits.timeout, longest_of_calls(limits));
}

/// Back-pressure counts as a stream's time, so that it gets more of it.
Result<Patience> patience_of(const Query& query, const QueryLimits& limits, const RowSink* sink) {
  const bool streams = sink && sink->may_pause();
  const auto whole =
      streams ? patience_within(query.timeout, limits.stream_timeout, longest_of_streams(limits))
              : patience_of(query, limits);
  if (!whole) return fail(whole.error());
  return Patience{*whole, streams ? base::Duration(query.timeout.value_or(limits.timeout))
                                  : base::Duration::zero()};
}

/// Where a call may go, or why it may not go there.
Result<Route> route_of(std::optional<Route> asked, bool read_only, const RoutingOptions& options) {
  if (asked == Route::kReplica && !read_only) {
    const std::string text =
        "only a read_only query may go to a replica; add \"read_only\": true, "
        "or leave route out";
    return fail(invalid_request("route: " + text, {{"route", text}}));
  }
  return asked.value_or(options.route);
}

void start(std::shared_ptr<Execution> execution) {
  base::EventLoop& home = execution->home();
  if (home.is_current()) return execution->start();
  home.post([execution = std::move(execution)] { execution->start(); });
}

/// Where the call's session is, or any of them; null: there is no such session.
std::shared_ptr<Shard> shard_for(const Database& database, const Call& call,
                                 const base::EventLoop* worker) {
  if (!call.session || call.session->id.empty()) return database.pick_shard(worker);
  const auto number = shard_of_session(call.session->id);
  return number && *number < database.shards.size() ? database.shards[*number] : nullptr;
}

Query control_statement(std::string sql) {
  Query query;
  query.sql = std::move(sql);
  return query;
}

std::string_view isolation_mode(Isolation isolation) {
  switch (isolation) {
    case Isolation::kReadCommitted:
      return ", ISOLATION LEVEL READ COMMITTED";
    case Isolation::kRepeatableRead:
      return ", ISOLATION LEVEL REPEATABLE READ";
    case Isolation::kSerializable:
      return ", ISOLATION LEVEL SERIALIZABLE";
    case Isolation::kReadUncommitted:
      return ", ISOLATION LEVEL READ UNCOMMITTED";
    case Isolation::kServerDefault:
      break;
  }
  return {};
}

std::string begin_statement(const TransactionOptions& options) {
  std::string modes(isolation_mode(options.isolation));
  if (options.read_only) modes += ", READ ONLY";
  if (options.deferrable) modes += ", DEFERRABLE";
  return modes.empty() ? "BEGIN" : "BEGIN" + modes.substr(1);
}

std::vector<Step> transaction_steps(TransactionCall& call) {
  std::vector<Step> steps;
  steps.reserve(call.statements.size() + 3);
  steps.push_back({control_statement(begin_statement(call.options)), nullptr, true, {}});
  for (std::size_t i = 0; i < call.statements.size(); ++i) {
    Step step{std::move(call.statements[i]), call.sinks[i], false, {}};
    if (call.statement_done) {
      step.on_completed = [i, done = call.statement_done](const Completion& c) { done(i, c); };
    }
    steps.push_back(std::move(step));
  }
  const auto add_control = [&steps](std::string sql) {
    steps.push_back({control_statement(std::move(sql)), nullptr, true, {}});
  };
  if (call.dry_run) add_control("SET CONSTRAINTS ALL IMMEDIATE");
  add_control(call.dry_run ? "ROLLBACK" : "COMMIT");
  return steps;
}

}  // namespace

Error manager_closing() {
  return {.code = ErrorCode::kDraining,
          .message = "the service is shutting down and takes no new calls",
          .retryable = true};
}

void CallHandle::cancel() const {
  auto execution = execution_.lock();
  if (!execution) return;
  base::EventLoop& home = execution->home();
  home.post([execution = std::move(execution)] { execution->cancel(); });
}

Manager::Manager(Dependencies dependencies)
    : dependencies_(std::move(dependencies)),
      budget_(std::make_shared<Budget>(dependencies_.connections)),
      registry_(dependencies_.loops),
      registrar_(registry_, {dependencies_.loops, dependencies_.connectors, dependencies_.observer,
                             dependencies_.seed, budget_}),
      live_calls_(registry_, dependencies_.loops),
      live_sessions_(registry_, dependencies_.loops) {}

Manager::~Manager() = default;

bool Manager::on_worker_thread() const {
  return std::any_of(dependencies_.loops.begin(), dependencies_.loops.end(),
                     [](const base::EventLoop* loop) { return loop->is_current(); });
}

CallHandle Manager::execute(Call call) {
  const bool on_worker = call.reply_to && call.reply_to->is_current();
  const auto database = registry_.find(call.db_id, on_worker ? call.reply_to : nullptr);
  auto reject = [&](Error error) {
    error.db_id = call.db_id;
    refuse(call.reply_to, control_loop(), std::move(call.done), std::move(error));
    return CallHandle{};
  };
  if (closing_) return reject(manager_closing());
  if (!database) return reject(unknown_database(call.db_id));
  const auto patience = patience_of(call.query, database->options.query, call.sink.get());
  if (!patience) return reject(patience.error());
  const bool read_only = call.query.read_only;
  const auto route = route_of(call.query.route, read_only, database->options.routing);
  if (!route) return reject(route.error());
  const auto shard = shard_for(*database, call, on_worker ? call.reply_to : nullptr);
  if (!shard) return reject(unknown_session());
  const auto started = call.started_at.value_or(dependencies_.clock());
  auto deadline = base::Deadline::after(started, patience->whole);
  if (call.deadline) deadline = deadline.sooner(*call.deadline);

  Plan plan{.steps = {},
            .deadline = deadline,
            .timeout = deadline.at() - started,
            .reply_to = call.reply_to,
            .done = std::move(call.done),
            .origin = call.origin,
            .read_only = read_only,
            .route = *route,
            .silence = patience->silence,
            .session = std::move(call.session)};
  plan.steps.push_back({std::move(call.query), std::move(call.sink), false, {}});
  auto execution = std::make_shared<Execution>(shard, std::move(plan));
  CallHandle handle(execution);
  start(std::move(execution));
  return handle;
}

CallHandle Manager::transact(TransactionCall call) {
  const bool on_worker = call.reply_to && call.reply_to->is_current();
  const auto database = registry_.find(call.db_id, on_worker ? call.reply_to : nullptr);
  auto reject = [&](Error error) {
    error.db_id = call.db_id;
    refuse(call.reply_to, control_loop(), std::move(call.done), std::move(error));
    return CallHandle{};
  };
  if (closing_) return reject(manager_closing());
  if (!database) return reject(unknown_database(call.db_id));
  Query whole;
  whole.timeout = call.options.timeout;
  const auto patience = patience_of(whole, database->options.query);
  if (!patience) return reject(patience.error());
  const bool read_only = call.options.read_only;
  const auto route = route_of(call.options.route, read_only, database->options.routing);
  if (!route) return reject(route.error());
  const auto started = call.started_at.value_or(dependencies_.clock());
  Plan plan{.steps = transaction_steps(call),
            .deadline = base::Deadline::after(started, *patience),
            .timeout = *patience,
            .reply_to = call.reply_to,
            .done = std::move(call.done),
            .origin = call.origin,
            .read_only = read_only,
            .route = *route,
            .keeps_nothing = read_only || call.dry_run};
  auto execution = std::make_shared<Execution>(
      database->pick_shard(on_worker ? call.reply_to : nullptr), std::move(plan));
  CallHandle handle(execution);
  start(std::move(execution));
  return handle;
}

void Manager::lend(std::string_view db_id, std::optional<base::Duration> patience, Lent lent) {
  const auto database = registry_.find(db_id);
  if (closing_ || !database) {
    Error error = closing_ ? manager_closing() : unknown_database(db_id);
    return control_loop().post(
        [lent = std::move(lent), error = std::move(error)] { lent(fail(error)); });
  }
  const auto shard = database->pick_shard(nullptr);
  const auto wait = patience.value_or(database->options.pool.acquire_timeout);
  shard->loop().post([shard, wait, lent = std::move(lent)]() mutable {
    manager::lend(shard, wait, std::move(lent));
  });
}

void Manager::connect(ConnectCall call) {
  if (closing_) {
    return control_loop().post([done = std::move(call.done)] { done(fail(manager_closing())); });
  }
  control_loop().post(
      [this, call = std::move(call)]() mutable { registrar_.connect(std::move(call)); });
}

void Manager::disconnect(std::string db_id, base::Duration patience,
                         std::function<void(Status)> done) {
  control_loop().post([this, db_id = std::move(db_id), patience, done = std::move(done)] {
    registrar_.disconnect(db_id, patience, done);
  });
}

void Manager::configure(std::string db_id, DatabaseOptions options,
                        std::function<void(Status)> done) {
  configure(std::move(db_id),
            Revise([options = std::move(options)](const DatabaseOptions&) { return options; }),
            std::move(done));
}

void Manager::configure(std::string db_id, Revise revise, std::function<void(Status)> done) {
  control_loop().post([this, db_id = std::move(db_id), revise = std::move(revise),
                       done = std::move(done)] { registrar_.configure(db_id, revise, done); });
}

void Manager::control(std::string_view db_id, std::function<void(Shard&)> action,
                      std::function<void(Status)> done) {
  const auto database = registry_.find(db_id);
  base::EventLoop& control = control_loop();
  if (!database) {
    return control.post(
        [done = std::move(done), error = unknown_database(db_id)] { done(fail(error)); });
  }
  auto left = std::make_shared<std::atomic<std::size_t>>(database->shards.size());
  for (const auto& shard : database->shards) {
    shard->loop().post([shard, action, left, done, &control] {
      action(*shard);
      if (left->fetch_sub(1) == 1) control.post([done] { done({}); });
    });
  }
}

void Manager::probe(std::string db_id, std::function<void(Result<TrialReport>)> done) {
  control_loop().post(
      [this, db_id = std::move(db_id), done = std::move(done)] { registrar_.probe(db_id, done); });
}

void Manager::stats(std::vector<DatabasePointer> databases, base::EventLoop* reply_to,
                    std::function<void(std::vector<DatabaseStats>)> done) {
  struct Gathering {
    std::vector<DatabasePointer> databases;
    std::vector<std::vector<ShardStats>> shards;
    std::atomic<std::size_t> left;
    std::function<void(std::vector<DatabaseStats>)> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->databases = std::move(databases);
  for (const auto& database : gathering->databases) {
    gathering->shards.emplace_back(database->shards.size());
  }
  gathering->left = dependencies_.loops.size();
  gathering->done = std::move(done);
  base::EventLoop& reply = reply_to ? *reply_to : control_loop();
  auto finish = [gathering] {
    std::vector<DatabaseStats> merged;
    merged.reserve(gathering->databases.size());
    const auto now = std::chrono::system_clock::now();
    for (std::size_t i = 0; i < gathering->databases.size(); ++i) {
      merged.push_back(merge_stats(*gathering->databases[i], gathering->shards[i], now));
    }
    gathering->done(std::move(merged));
  };
  for (base::EventLoop* loop : dependencies_.loops) {
    loop->post([gathering, loop, &reply, finish] {
      for (std::size_t i = 0; i < gathering->databases.size(); ++i) {
        const auto& shards = gathering->databases[i]->shards;
        for (std::size_t j = 0; j < shards.size(); ++j) {
          if (&shards[j]->loop() == loop) gathering->shards[i][j] = shards[j]->stats();
        }
      }
      if (gathering->left.fetch_sub(1) == 1) reply.post(finish);
    });
  }
}

void Manager::probe_all(std::function<void(ProbeFailures)> done) {
  const auto databases = registry_.all();
  auto left = std::make_shared<std::atomic<std::size_t>>(databases.size() + 1);
  auto failures = std::make_shared<ProbeFailures>();
  auto finished = [left, failures, done = std::move(done)] {
    if (left->fetch_sub(1) == 1) done(std::move(*failures));
  };
  for (const auto& database : databases) {
    Call call;
    call.db_id = database->db_id;
    call.query.sql = "SELECT 1";
    call.query.read_only = true;
    call.deadline = base::Deadline::after(dependencies_.clock(), kProbePatience);
    call.reply_to = &control_loop();  // one thread fills the list
    call.done = [finished, failures, db_id = call.db_id](Result<Completion> result) {
      if (!result) failures->emplace(db_id, std::move(result.error()));
      finished();
    };
    execute(std::move(call));
  }
  finished();
}

void Manager::health(bool probe, base::EventLoop* reply_to, std::function<void(Health)> done) {
  auto judge = [this, reply_to, done = std::move(done)](ProbeFailures failures) {
    stats(registry_.all(), reply_to,
          [done, failures = std::move(failures)](const std::vector<DatabaseStats>& all) {
            done(judge_health(all, failures));
          });
  };
  if (!probe) return judge({});
  probe_all(std::move(judge));
}

void Manager::close(base::Duration patience, std::function<void()> done) {
  closing_ = true;
  control_loop().post(
      [this, patience, done = std::move(done)] { registrar_.close(patience, done); });
}

}  // namespace sluice::manager
