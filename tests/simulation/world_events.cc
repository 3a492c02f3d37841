// What happens in a world, event by event.
#include <algorithm>
#include <array>
#include <utility>

#include "simulation/moods.h"
#include "simulation/world.h"

namespace sluice::simulation {
namespace {

using std::chrono::seconds;

constexpr int kAgain = 100'000;  // between the ids of a call and the one made by its callback
// A trial waits for leave to connect and then connects, 2 s each, asks for 1 s, and has 2 s more to
// be lent.
constexpr base::Duration kLongestConnect = seconds(7);
// A connection that hangs while it is cleaned is given up after 5 s, one of a session that hangs
// before that likewise, one that hangs while it is closed after 2 s, a server that does not answer
// a cancel after 0.5 s, or 5 s when it is a stream's.
constexpr base::Duration kLongestGoodbye = milliseconds(17'000);

std::string db_id(int database) { return "db" + std::to_string(database); }

const manager::Origin* origin_of(int client) {
  static constexpr std::array<manager::Origin, 3> kClients{
      {{.actor = "one"}, {.actor = "two"}, {.actor = "three"}}};
  return client > 0 ? &kClients.at(static_cast<std::size_t>(client - 1)) : nullptr;
}

Target target(int database, std::uint64_t draw) {
  Target target;
  target.database = db_id(database);
  target.user = "app";
  target.password = Secret(draw % 2 == 0 ? "even" : "odd");
  return target;
}

}  // namespace

void World::happen(const Event& event) {
  if (event.what <= What::kGiveBack) return happen_to_callers(event);
  if (event.what <= What::kClose) return happen_to_operators(event);
  if (event.what <= What::kAnswerLate) return happen_to_databases(event);
  pass_time(event);
}

void World::pass_time(const Event& event) {
  const auto next = workers_.next_timer();
  switch (event.what) {
    case What::kTurns:
      for (int i = 0; i < event.count && turn(); ++i) continue;
      return;
    case What::kAdvance:
      return advance(event.time);
    case What::kToTimer:
      return advance_to(std::max(now(), next.value_or(now())));
    default:
      settle();  // what is posted may arm timers
      return advance_to(std::max(now(), workers_.next_timer().value_or(now()) - base::Duration(1)));
  }
}

// --- callers -----------------------------------------------------------------------------------

void World::happen_to_callers(const Event& event) {
  switch (event.what) {
    case What::kQuery:
      return on_worker(event.from, [this, event] { query(event); });
    case What::kTransaction:
      return on_worker(event.from, [this, event] { transact(event); });
    case What::kStream:
      return on_worker(event.from, [this, event] { stream(event); });
    case What::kOpenSession:
      return on_worker(event.from, [this, event] { open_session(event); });
    case What::kUseSession:
      return on_worker(event.from, [this, event] { use_session(event); });
    case What::kGoOn:
      return readers_.go_on(event.id);
    case What::kFanOut:
      return on_worker(event.from, [this, event] { fan_out(event); });
    case What::kCancel:
      return cancel(event.id);
    case What::kLend:
      return lend(event);
    default:
      return give_back(event);
  }
}

int World::registration(int database) {
  const bool known = manager_->find(db_id(database), nullptr) != nullptr;
  return known ? registrations_[static_cast<std::size_t>(database)] : 0;
}

Surroundings World::surroundings(int database) {
  const auto known = manager_->find(db_id(database), nullptr);
  return {.now = now(),
          .registration = registration(database),
          .in_order =
              known && known->shards.size() == 1 && known->options.pool.shedding == Shedding::kOff,
          .closing = closing_,
          .drained = drained_.contains(database),
          .shared = scenario_.max_connections > 0};
}

void World::answered(Calls::Key key, int from, const Result<Completion>& result) {
  if (from >= 0 && !workers_.loop(from).is_current()) {
    verdict_.broken("answers come on the caller's own thread",
                    "call #" + std::to_string(key.first) + " was answered on another");
  }
  calls_.answered(key, result, surroundings(key.second));
}

void World::query(const Event& event) {
  send(event, {}, [](manager::Call&) {});
}

void World::send(const Event& event, const Calls::Order& given,
                 const std::function<void(manager::Call&)>& prepare) {
  const Calls::Key key{event.id, event.database};
  Calls::Order order{key, event.from, 1, event.time, now() + event.time, event.client};
  order.session = given.session;
  order.opens = given.opens;
  calls_.made(order, surroundings(event.database));
  manager::Call call;
  call.origin = origin_of(event.client);
  call.db_id = db_id(event.database);
  call.query.sql = Calls::statement(event.id);
  call.query.timeout = event.time;
  call.sink = calls_.sink(key);
  if (event.from >= 0) call.reply_to = &workers_.loop(event.from);
  call.done = [this, event, key](const Result<Completion>& result) {
    answered(key, event.from, result);
    if (event.what == What::kQuery && event.flag) query_again(event);
  };
  prepare(call);
  handles_[event.id] = {manager_->execute(std::move(call))};
}

void World::stream(const Event& event) {
  send(event, {}, [&](manager::Call& call) {
    call.sink = calls_.stream({event.id, event.database}, readers_,
                              {.rows = event.count, .briefly = event.flag});
  });
}

void World::open_session(const Event& event) {
  Session& session = sessions_[event.id];
  session.database = event.database;
  session.use = std::make_shared<manager::SessionUse>();
  session.use->idle_timeout = 2 * event.time;
  session.use->max_duration = 5 * event.time;
  send(event, {.session = event.id, .opens = true},
       [&](manager::Call& call) { call.session = session.use; });
}

void World::use_session(const Event& event) {
  const auto found = sessions_.find(event.of);
  if (found == sessions_.end() || found->second.use->id.empty()) return;
  Event own = event;
  own.database = found->second.database;
  send(own, {.session = event.of}, [&](manager::Call& call) {
    call.session = std::make_shared<manager::SessionUse>(*found->second.use);
  });
}

void World::end_session(const Event& event) {
  const auto found = sessions_.find(event.id);
  if (found == sessions_.end() || found->second.use->id.empty()) return;
  if (event.flag) calls_.session_over(event.id);
  const auto why = event.flag ? manager::SessionEnd::kClosed : manager::SessionEnd::kKilled;
  const auto ticket = answers_.expect("the end of a session", now());
  manager_->live_sessions().end({db_id(found->second.database), found->second.use->id, {}}, why,
                                workers_.loop(0),
                                [this, ticket](const auto&) { answers_.came(ticket, now()); });
}

/// From inside the callback: whatever the answer came out of is still under way.
void World::query_again(Event event) {
  event.flag = false;
  event.id += kAgain;
  if (event.from == kOutside) event.from = kCallback;
  query(event);
}

void World::transact(const Event& event) {
  const Calls::Key key{event.id, event.database};
  const int statements = event.count + 1;
  calls_.made({key, event.from, statements, event.time, now() + event.time},
              surroundings(event.database));
  manager::TransactionCall call;
  call.db_id = db_id(event.database);
  for (int i = 0; i < statements; ++i) {
    call.statements.emplace_back();
    call.statements.back().sql = Calls::statement(event.id);
    call.sinks.push_back(calls_.sink(key));
  }
  call.options.timeout = event.time;
  if (event.from >= 0) call.reply_to = &workers_.loop(event.from);
  call.done = [this, key, from = event.from](Result<Completion> result) {
    if (result) *result = Completion{};  // which is of the COMMIT
    answered(key, from, std::move(result));
  };
  handles_[event.id] = {manager_->transact(std::move(call))};
}

void World::fan_out(const Event& event) {
  const auto deadline = base::Deadline::after(now(), event.time);
  const auto whole = answers_.expect("fan-out #" + std::to_string(event.id), deadline.at());
  manager::FanOutRun::Order order;
  order.query.sql = Calls::statement(event.id);
  order.query.timeout = event.time;
  order.concurrency = event.count;
  order.deadline = deadline;
  order.started_at = now();
  for (int i = 0; i < scenario_.databases; ++i) {
    order.db_ids.push_back(db_id(i));
    calls_.made({{event.id, i}, event.from, 1, event.time, deadline.at()}, surroundings(i));
  }
  order.make_sink = [this, id = event.id](std::size_t leg) {
    const Calls::Key key{id, static_cast<int>(leg)};
    calls_.starts(key, surroundings(key.second));
    return calls_.sink(key);
  };
  order.leg_done = [this, event](std::size_t leg, const Result<Completion>& result,
                                 base::Duration) {
    answered({event.id, static_cast<int>(leg)}, event.from, result);
  };
  order.done = [this, whole] { answers_.came(whole, now()); };
  const auto run =
      std::make_shared<manager::FanOutRun>(*manager_, workers_.loop(event.from), std::move(order));
  fan_outs_[event.id] = {event.from, run};
  run->start();
}

void World::cancel(int id) {
  calls_.cancelled(id);
  for (const auto& handle : handles_[id]) handle.cancel();
  const auto found = fan_outs_.find(id);
  if (found == fan_outs_.end()) return;
  workers_.loop(found->second.first).post([weak = found->second.second] {
    if (const auto run = weak.lock()) run->cancel();
  });
}

void World::lend(const Event& event) {
  Loan& loan = loans_[event.id];
  loan.database = event.database;
  loan.ticket = answers_.expect("lease #" + std::to_string(event.id), now() + event.time);
  manager_->lend(db_id(event.database), event.time,
                 [this, id = event.id](Result<std::unique_ptr<manager::Loan>> result) {
                   lent(id, std::move(result));
                 });
}

void World::lent(int id, Result<std::unique_ptr<manager::Loan>> result) {
  Loan& loan = loans_.at(id);
  answers_.came(loan.ticket, now());
  if (!result) return;
  ++met_.lent;
  for (const auto& [other_id, other] : loans_) {
    if (!other.loan || other.loan->native() != (*result)->native()) continue;
    verdict_.broken("no connection has two users", "leases #" + std::to_string(id) + " and #" +
                                                       std::to_string(other_id) + " share one");
  }
  loan.loan = std::move(*result);
}

void World::give_back(const Event& event) {
  const auto found = loans_.find(event.id);
  if (found == loans_.end() || !found->second.loan) return;
  auto* connection = static_cast<testing::FakeConnection*>(found->second.loan->native());
  if (event.flag) connection->lose();
  found->second.loan.reset();
}

// --- operators ---------------------------------------------------------------------------------

void World::happen_to_operators(const Event& event) {
  switch (event.what) {
    case What::kConnect:
      return connect(event);
    case What::kDisconnect:
      return disconnect(event);
    case What::kConfigure:
      pools_.limits_change(event.database, event.options.pool);
      return manager_->configure(db_id(event.database), event.options,
                                 status_due("configure", connects_ended_by()));
    case What::kPause:
      return control(event, [](manager::Shard& shard) { shard.pause(); });
    case What::kDrain:
      drained_.insert(event.database);
      pools_.unused(event.database);
      return control(event, [](manager::Shard& shard) { shard.quiesce(); });
    case What::kEndSession:
      return end_session(event);
    case What::kResume:
      return control(event, [](manager::Shard& shard) { shard.resume(); });
    case What::kReconnect:
      return control(event, [](manager::Shard& shard) { shard.reconnect(); });
    case What::kForceBreaker:
      return control(event, [state = event.breaker, time = event.time](manager::Shard& shard) {
        const auto duration = time.count() > 0 ? std::optional<base::Duration>(time) : std::nullopt;
        shard.force_breaker(state, duration, "simulated");
      });
    case What::kStats:
      return look_at_figures();
    case What::kHealth: {
      // A probe is a call of its own, of at most 5 s.
      const auto by = now() + (event.flag ? seconds(5) : seconds(0));
      const auto ticket = answers_.expect("health", by);
      ++probes_;
      return manager_->health(event.flag, nullptr, [this, ticket](const Health&) {
        answers_.came(ticket, now());
        --probes_;
      });
    }
    default:
      if (!closing_) close(event.time);
  }
}

std::function<void(Status)> World::status_due(std::string what, base::TimePoint by) {
  const auto ticket = answers_.expect(std::move(what), by);
  return [this, ticket](const Status&) { answers_.came(ticket, now()); };
}

void World::control(const Event& event, std::function<void(manager::Shard&)> action) {
  manager_->control(db_id(event.database), std::move(action), status_due("control", now()));
}

/// When all that are under way will have been answered, one after the other.
base::TimePoint World::connects_ended_by() {
  const auto open = std::count_if(connects_.begin(), connects_.end(),
                                  [this](const Connect& c) { return answers_.open(c.ticket); });
  return now() + open * kLongestConnect;
}

void World::connect(const Event& event) {
  const auto by = connects_ended_by() + kLongestConnect;
  Connect& connect = connects_.emplace_back();
  connect.database = event.database;
  connect.ticket = answers_.expect("connect of " + db_id(event.database), by);
  pools_.limits_change(event.database, event.options.pool);
  resets_[static_cast<std::size_t>(event.database)] = event.options.pool.reset;
  manager_->connect({target(event.database, event.draw), event.options, db_id(event.database),
                     event.flag, [this, event, &connect](const Result<Connected>& result) {
                       answers_.came(connect.ticket, now());
                       connect.gone_at = now() + kLongestGoodbye;
                       connected(event, result);
                     }});
}

void World::connected(const Event& event, const Result<Connected>& result) {
  if (result) {
    ++met_.connected;
    if (result->db_id == db_id(event.database)) return;
    return verdict_.broken("a connect registers what it names", result->db_id + " was registered");
  }
  ++met_.not_connected;
  if (event.database == kSteady && !closing_ && scenario_.max_connections == 0) {
    verdict_.broken("a healthy database is never refused because of a sick one",
                    "connect of db0 failed: " + result.error().message);
  }
  if (result.error().code == ErrorCode::kInternal) {
    verdict_.broken("every error is true", "connect: " + result.error().message);
  }
}

/// Whoever has a lease may keep it as long as they like.
bool World::may_be_lent(int database) const {
  const auto& events = scenario_.events;
  return std::any_of(events.begin(), events.end(), [database](const Event& event) {
    return event.what == What::kLend && event.database == database;
  });
}

int World::leases_asked(int database) const {
  return static_cast<int>(std::count_if(loans_.begin(), loans_.end(), [&](const auto& each) {
    return each.second.database == database && answers_.open(each.second.ticket);
  }));
}

void World::disconnect(const Event& event) {
  const int database = event.database;
  if (calls_.under_way(database) > 0) ++met_.drained;
  const auto by = may_be_lent(database) ? Answers::kSomeday : now() + event.time + kLongestGoodbye;
  manager_->disconnect(db_id(database), event.time,
                       status_due("disconnect of " + db_id(database), by));
}

void World::look_at_figures() {
  const auto ticket = answers_.expect("figures", now());
  manager_->stats(manager_->databases(), nullptr,
                  [this, ticket](const std::vector<DatabaseStats>& all) {
                    answers_.came(ticket, now());
                    for (const DatabaseStats& one : all) see_figures(one);
                  });
}

void World::see_figures(const DatabaseStats& figures) {
  // Another registration begins again at zero.
  DatabaseStats& before = figures_[{figures.db_id, figures.registered_at}];
  const bool rising = figures.queries >= before.queries && figures.errors >= before.errors &&
                      figures.rows >= before.rows &&
                      figures.breaker.opened_count >= before.breaker.opened_count;
  if (!rising) verdict_.broken("counters never decrease", "a counter of " + figures.db_id);
  before = figures;
}

// --- databases ---------------------------------------------------------------------------------

testing::FakeDatabase& World::fake(int database) { return connectors_.database(db_id(database)); }

void World::happen_to_databases(const Event& event) {
  switch (event.what) {
    case What::kMood:
      return set_mood(fake(event.database), event.mood, random_);
    case What::kLoseConnections:
      return on_every_connection(event);
    default:
      return answer_late(fake(event.database), now());
  }
}

/// Each connection breaks on its own loop, and some may have gone by then.
void World::on_every_connection(const Event& event) {
  const auto& all = fake(event.database).connections();
  auto left = event.count == 0 ? all.size() : std::min<std::size_t>(all.size(), 1UL * event.count);
  for (; left > 0; --left) {
    testing::FakeConnection* connection = all[random_() % all.size()];
    connection->loop().post([this, connection, database = event.database] {
      const auto& now = fake(database).connections();
      if (std::find(now.begin(), now.end(), connection) != now.end()) connection->lose();
    });
  }
}

}  // namespace sluice::simulation
