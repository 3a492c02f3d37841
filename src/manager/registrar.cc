#include "manager/registrar.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/settings.h"

namespace sluice::manager {
namespace {

/// Runs `done` on `loop` after `count` calls of the returned function, from any threads.
std::function<void()> after(std::size_t count, base::EventLoop& loop, std::function<void()> done) {
  auto left = std::make_shared<std::atomic<std::size_t>>(count);
  return [left, &loop, done = std::move(done)] {
    if (left->fetch_sub(1) == 1) loop.post(done);
  };
}

Status check(const ConnectCall& call) {
  if (!call.db_id.empty()) {
    if (auto good = check_db_id(call.db_id); !good) return good;
  }
  std::vector<FieldError> mistakes;
  if (call.target.database.empty()) mistakes.push_back({"database", "is missing"});
  if (call.target.user.empty()) mistakes.push_back({"user", "is missing"});
  for (auto& text : base::contradictions(call.options)) mistakes.push_back({"", std::move(text)});
  if (mistakes.empty()) return {};
  std::string message = "the database cannot be registered: ";
  message += mistakes.front().field.empty() ? "" : mistakes.front().field + " ";
  message += mistakes.front().message;
  return fail(invalid_request(std::move(message), std::move(mistakes)));
}

Error id_taken(const Database& database) {
  return {.code = ErrorCode::kDatabaseIdTaken,
          .message = "\"" + database.db_id + "\" is already registered for " +
                     database.target.display() + "; choose another db_id, or disconnect it first",
          .db_id = database.db_id};
}

bool same_request(const ConnectCall& a, const ConnectCall& b) {
  return a.target.same_as(b.target) && a.target.password == b.target.password &&
         a.target.ssl == b.target.ssl && a.target.ssl_root_cert == b.target.ssl_root_cert &&
         base::changed_settings(a.options, b.options).empty();
}

/// What a connect to a registered database changes, by name.
std::vector<std::string> changes(const Database& database, const ConnectCall& call) {
  auto changed = base::changed_settings(database.options, call.options);
  if (!(database.target.password == call.target.password)) changed.emplace_back("password");
  if (database.target.ssl != call.target.ssl) changed.emplace_back("ssl");
  if (database.target.ssl_root_cert != call.target.ssl_root_cert) {
    changed.emplace_back("ssl_root_cert");
  }
  return changed;
}

/// Whether open connections still are what they should be after these changes.
bool needs_new_connections(const std::vector<std::string>& changed) {
  for (const std::string& name : changed) {
    if (name == "password" || name.starts_with("ssl") || name.starts_with("session.") ||
        name == "query.timeout_ms" || name == "pool.statement_cache") {
      return true;
    }
  }
  return false;
}

Error closing_error() {
  return {.code = ErrorCode::kDraining, .message = "the pool manager is closing"};
}

Status check_shards(const Database& database, const DatabaseOptions& options) {
  if (database.options.pool.shards == options.pool.shards) return {};
  return fail(invalid_request(
      "pool.shards cannot be changed while the database is registered; disconnect it first",
      {{"pool.shards", "cannot be changed while the database is registered"}}));
}

}  // namespace

Registrar::Registrar(Registry& registry, Dependencies dependencies)
    : registry_(registry), dependencies_(std::move(dependencies)), random_(dependencies_.seed) {}

Registrar::~Registrar() = default;

void Registrar::connect(ConnectCall call) {
  if (closing_) return call.done(fail(closing_error()));
  if (auto good = check(call); !good) return call.done(fail(std::move(good.error())));
  if (call.db_id.empty()) {
    const auto known = registry_.find(call.target);
    call.db_id = known ? known->db_id : call.target.default_db_id();
  }
  if (const auto database = registry_.find(call.db_id)) {
    if (!database->target.same_as(call.target)) return call.done(fail(id_taken(*database)));
    if (auto good = check_shards(*database, call.options); !good) {
      return call.done(fail(std::move(good.error())));
    }
  }
  const auto [flight, first] = in_flight_.try_emplace(call.db_id);
  if (!first) {
    return flight->second.push_back(
        [this, call = std::move(call)](const ConnectCall& ended, const Result<Connected>& result) {
          connect_after(call, ended, result);
        });
  }
  if (call.complete) call.complete(call);
  if (!call.trial) return tried(call, TrialReport{});
  try_hosts(call.target, call.options,
            [this, call](Result<TrialReport> report) { tried(call, std::move(report)); });
}

void Registrar::probe(const std::string& db_id, std::function<void(Result<TrialReport>)> done) {
  if (closing_) return done(fail(closing_error()));
  const auto database = registry_.find(db_id);
  if (!database) return done(fail(unknown_database(db_id)));
  try_hosts(database->target, database->options, std::move(done));
}

/// All at once; one that works is enough.
void Registrar::try_hosts(const Target& target, const DatabaseOptions& options, Tried tried) {
  struct Round {
    std::size_t left;
    Tried tried;
    std::unique_ptr<Error> error;
  };
  const auto hosts = target.hosts();
  const auto round = std::make_shared<Round>(Round{hosts.size(), std::move(tried), nullptr});
  const auto ended = [round](Result<TrialReport> report) {
    --round->left;
    // A rejection says more than a host that is down.
    const bool telling =
        !report && (!round->error || report.error().code == ErrorCode::kConnectionRejected);
    if (telling) round->error = std::make_unique<Error>(report.error());
    if (!round->tried || (!report && round->left > 0)) return;
    const auto told = std::exchange(round->tried, nullptr);
    told(report ? std::move(report) : fail(*round->error));
  };
  for (const Host& host : hosts) try_out(target.at(host), options, ended);
}

void Registrar::try_out(const Target& target, const DatabaseOptions& options, Tried tried) {
  auto& home = *dependencies_.loops[next_home_ % dependencies_.loops.size()];
  const auto id = next_trial_++;
  auto& control = *dependencies_.loops.front();
  const Trial::Request request{target, options, random_(), join_budget(home, target)};
  trials_[id] = nullptr;  // until it has begun
  home.post([this, &home, &control, id, request, tried = std::move(tried)] {
    auto trial = std::make_shared<Trial>(home, dependencies_.connectors, request);
    control.post([this, id, trial] {
      trials_[id] = trial;
      if (closing_) give_up(trial);
    });
    trial->run(
        [&control, tried](const Result<TrialReport>& report) {
          control.post([tried, report] { tried(report); });
        },
        [this, &home, &control, id] {
          control.post([this, &home, id] {
            // Back home to die, where its timers live.
            home.post([trial = std::move(trials_[id])] {});
            trials_.erase(id);
            finish_close();
          });
        });
  });
}

void Registrar::tried(const ConnectCall& call, Result<TrialReport> report) {
  if (closing_) return settle(call, fail(closing_error()));
  if (!report) {
    report.error().db_id.clear();  // nothing is registered under that id
    return settle(call, fail(std::move(report.error())));
  }
  const auto database = registry_.find(call.db_id);
  if (!database) return create(call, *report);
  if (!database->target.same_as(call.target)) return settle(call, fail(id_taken(*database)));
  update(database, call, *report);
}

void Registrar::settle(const ConnectCall& call, const Result<Connected>& result) {
  Waiting waiting = std::move(in_flight_[call.db_id]);
  in_flight_.erase(call.db_id);
  call.done(result);
  for (const FollowUp& follow : waiting) follow(call, result);
  finish_close();
}

/// Who asked for the same shares the answer.
void Registrar::connect_after(ConnectCall call, const ConnectCall& ended,
                              const Result<Connected>& result) {
  if (!same_request(ended, call)) return connect(std::move(call));
  auto shared = result;
  if (shared) shared->created = false;
  call.done(std::move(shared));
}

void Registrar::create(const ConnectCall& call, const TrialReport& report) {
  auto database = std::make_shared<Database>();
  database->db_id = call.db_id;
  database->target = call.target;
  database->options = call.options;
  database->registered_at = std::chrono::system_clock::now();
  const auto loops = homes_for(call.options);
  if (!call.target.other_hosts.empty()) {
    database->hosts =
        std::make_shared<HostSet>(call.db_id, call.target,
                                  HostSet::Dependencies{*loops.front(), dependencies_.connectors,
                                                        dependencies_.observer, random_()});
  }
  const std::size_t count = loops.size();
  database->shards.resize(count * database->host_count());
  auto created = after(
      count, *dependencies_.loops.front(),
      [this, database, call, report, monitors = loops.front()] {
        if (closing_)
          return drain(database, {}, [this, call] { settle(call, fail(closing_error())); });
        if (!registry_.insert(database)) return settle(call, fail(id_taken(*database)));
        if (const auto hosts = database->hosts) {
          monitors->post([hosts, database] { hosts->start(database->target, database->options); });
        }
        dependencies_.observer.on_database(call.db_id, "connected");
        settle(call, Connected{call.db_id, true, {}, report.server_version, report.latency});
      });
  for (std::size_t i = 0; i < count; ++i) {
    loops[i]->post([this, database, home = loops[i], i, seed = random_(), created] {
      furnish(*database, *home, i, seed);
      created();
    });
  }
}

/// A second shard on the same worker would never be chosen, and its connections would lie idle.
std::vector<base::EventLoop*> Registrar::homes_for(const DatabaseOptions& options) {
  const auto& loops = dependencies_.loops;
  const auto count = std::min(static_cast<std::size_t>(options.pool.shards), loops.size());
  std::vector<base::EventLoop*> homes;
  for (std::size_t i = 0; i < count; ++i) homes.push_back(loops[next_home_++ % loops.size()]);
  return homes;
}

/// Gives the database its shards on worker number `index` of its own. That worker's thread.
void Registrar::furnish(Database& database, base::EventLoop& home, std::size_t index,
                        std::uint64_t seed) {
  const std::size_t hosts = database.host_count();
  const auto workers = static_cast<int>(database.shards.size() / hosts);
  const auto options = shard_part(database.options, static_cast<int>(index), workers);
  const auto router = database.hosts ? database.hosts->make_router(home, seed) : nullptr;
  const auto targets = database.target.hosts();
  for (std::size_t host = 0; host < hosts; ++host) {
    const HostPlace place{router, host, router ? targets[host].display() : ""};
    const auto target = database.target.at(targets[host]);
    const auto shard = std::make_shared<Shard>(
        database.db_id, target, options,
        Shard::Dependencies{home, dependencies_.connectors, dependencies_.observer, seed + host,
                            place, join_budget(home, target), index * hosts + host});
    if (router) router->add(shard);
    database.shards[index * hosts + host] = shard;
  }
}

void Registrar::update(const DatabasePointer& database, const ConnectCall& call,
                       const TrialReport& report) {
  auto changed = changes(*database, call);
  if (!changed.empty()) {
    apply(database, call.target, call.options, needs_new_connections(changed));
    dependencies_.observer.on_database(call.db_id, "updated");
  }
  settle(call,
         Connected{call.db_id, false, std::move(changed), report.server_version, report.latency});
}

void Registrar::apply(const DatabasePointer& database, const Target& target,
                      const DatabaseOptions& options, bool new_connections) {
  auto changed = std::make_shared<Database>();
  changed->db_id = database->db_id;
  changed->target = target;
  changed->options = options;
  changed->shards = database->shards;
  changed->hosts = database->hosts;
  changed->registered_at = database->registered_at;
  const std::size_t hosts = changed->host_count();
  const auto workers = static_cast<int>(changed->shards.size() / hosts);
  for (std::size_t i = 0; i < changed->shards.size(); ++i) {
    const auto& shard = changed->shards[i];
    // The hosts may be written down in another order now; a shard stays with its own.
    const auto one = changed->hosts ? changed->hosts->target_of(target, i % hosts) : target;
    const auto part = shard_part(options, static_cast<int>(i / hosts), workers);
    shard->loop().post(
        [shard, one, part, new_connections] { shard->configure(one, part, new_connections); });
  }
  if (changed->hosts) changed->hosts->configure(target, options, new_connections);
  registry_.replace(std::move(changed));
}

void Registrar::configure(const std::string& db_id, const Revise& revise,
                          std::function<void(Status)> done) {
  if (const auto flight = in_flight_.find(db_id); flight != in_flight_.end()) {
    return flight->second.push_back(
        [this, db_id, revise, done = std::move(done)](
            const ConnectCall&, const Result<Connected>&) { configure(db_id, revise, done); });
  }
  const auto database = registry_.find(db_id);
  if (!database) return done(fail(unknown_database(db_id)));
  const auto options = revise(database->options);
  if (!options) return done(fail(options.error()));
  if (auto good = check_shards(*database, *options); !good) return done(std::move(good));
  if (auto wrong = base::contradictions(*options); !wrong.empty()) {
    return done(fail(invalid_request(wrong.front(), {{"", wrong.front()}})));
  }
  const auto changed = base::changed_settings(database->options, *options);
  if (!changed.empty()) {
    apply(database, database->target, *options, needs_new_connections(changed));
    dependencies_.observer.on_database(db_id, "updated");
  }
  done({});
}

void Registrar::disconnect(const std::string& db_id, base::Duration patience,
                           std::function<void(Status)> done) {
  const auto database = registry_.find(db_id);
  if (!database) return done(fail(unknown_database(db_id)));
  registry_.remove(db_id);
  drain(database, patience, [this, db_id, done = std::move(done)] {
    dependencies_.observer.on_database(db_id, "disconnected");
    done({});
  });
}

void Registrar::drain(const DatabasePointer& database, base::Duration patience,
                      std::function<void()> done) {
  draining_.push_back(database);
  if (database->hosts) database->hosts->stop();
  const auto drained = after(database->shards.size(), *dependencies_.loops.front(),
                             [this, database, done = std::move(done)] {
                               std::erase(draining_, database);
                               done();
                               finish_close();
                             });
  for (const auto& shard : database->shards) {
    shard->loop().post([shard, patience, drained] { shard->drain(patience, drained); });
  }
}

void Registrar::close(base::Duration patience, std::function<void()> done) {
  closing_ = true;
  closed_.push_back(std::move(done));
  for (const auto& [id, trial] : trials_) {
    if (trial) give_up(trial);
  }
  for (const auto& database : draining_) {
    for (const auto& shard : database->shards) {
      shard->loop().post([shard, patience] { shard->hurry(patience); });
    }
  }
  for (const auto& database : registry_.all()) {
    registry_.remove(database->db_id);
    drain(database, patience, [] {});
  }
  finish_close();
}

std::shared_ptr<BudgetMember> Registrar::join_budget(base::EventLoop& home,
                                                     const Target& target) const {
  return dependencies_.budget->join(home, target.host + ":" + std::to_string(target.port));
}

void Registrar::give_up(const std::shared_ptr<Trial>& trial) {
  trial->loop().post([trial] { trial->give_up(closing_error()); });
}

void Registrar::finish_close() {
  if (!closing_ || !in_flight_.empty() || !trials_.empty() || !draining_.empty()) return;
  for (const auto& closed : std::exchange(closed_, {})) closed();
}

}  // namespace sluice::manager
