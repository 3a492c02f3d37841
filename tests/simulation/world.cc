#include "simulation/world.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "simulation/moods.h"

namespace sluice::simulation {
namespace {

using std::chrono::seconds;

// The longest timeout of a call (4 s), of a breaker that is open (6 s), of a pause between connects
// (10 s), one after the other.
constexpr base::Duration kUntilAllIsQuiet = seconds(30);
constexpr base::Duration kLongestClose = seconds(14);
constexpr int kTriesUntilWell = 400;

}  // namespace

World::World(const Scenario& scenario, Met& met)
    : scenario_(scenario),
      met_(met),
      workers_(scenario.workers),
      random_(scenario.seed),
      pools_(verdict_, met_),
      registrations_(static_cast<std::size_t>(scenario.databases), 0),
      resets_(static_cast<std::size_t>(scenario.databases), ResetPolicy::kDirty) {
  manager_ = std::make_unique<manager::Manager>(
      manager::Manager::Dependencies{.loops = workers_.loops(),
                                     .connectors = connectors_,
                                     .observer = *this,
                                     .seed = scenario.seed,
                                     .clock = [this] { return workers_.now(); },
                                     .connections = {scenario.max_connections, 0}});
  for (int i = 0; i < scenario.databases; ++i) {
    set_mood(fake(i), Mood::kHealthy, random_);
    fake(i).shares = [](const Query& query) { return Calls::is_short_read(query.sql); };
    fake(i).on_execute = [this, i](testing::FakeConnection& connection, const Query& query) {
      on_execute(i, connection, query);
    };
  }
}

World::~World() = default;

std::optional<Violation> World::live() {
  try {
    live_through_events();
    if (verdict_.ok()) end();
  } catch (const std::exception& error) {
    verdict_.broken("connections are used as agreed", error.what());
  }
  return verdict_.violation();
}

void World::live_through_events() {
  for (const Event& event : scenario_.events) {
    random_.seed(event.draw);
    happen(event);
    check();
    if (event.what >= What::kAdvance) check_at_rest();
    ++happened_;
    if (!verdict_.ok()) return;
  }
}

void World::on_worker(int worker, base::Task task) {
  if (worker == kOutside) return task();
  workers_.loop(worker).post(std::move(task));
}

// --- time --------------------------------------------------------------------------------------

bool World::turn() { return verdict_.ok() && workers_.turn(random_); }

void World::settle() {
  workers_.settle(random_, verdict_);
  // Answers may be on their way to other workers when the manager says that it is closed.
  if (closed_ && verdict_.ok()) answers_.require_none_open("though everything is closed");
}

void World::advance(base::Duration span) { advance_to(now() + span); }

void World::advance_to(base::TimePoint moment) {
  const auto look = [this](bool moves) {
    if (moves) answers_.check(now());
  };
  workers_.advance_to(moment, verdict_, {[this] { settle(); }, look});
}

void World::check() {
  calls_.check_sessions();
  for (int i = 0; i < scenario_.databases; ++i) {
    const auto trials = std::count_if(connects_.begin(), connects_.end(), [&](const Connect& each) {
      return each.database == i && each.gone_at >= now();
    });
    pools_.check(i, fake(i), static_cast<int>(trials));
  }
  if (scenario_.max_connections > 0) check_budget();
}

void World::check_budget() {
  int all = 0;
  for (int i = 0; i < scenario_.databases; ++i) all += fake(i).live() + fake(i).connecting();
  if (all <= scenario_.max_connections) return;
  verdict_.broken("no more connections than all may have together",
                  std::to_string(all) + " of " + std::to_string(scenario_.max_connections));
}

/// Nothing is on its way between workers.
void World::check_at_rest() {
  pools_.settled();
  for (int i = 0; i < scenario_.databases; ++i) {
    const int waiting = pools_.waiting(i);
    const int asking = calls_.under_way(i) + leases_asked(i) + probes_;
    if (waiting <= asking) continue;
    verdict_.broken("only who asks waits", "in the queues of db" + std::to_string(i) + " are " +
                                               std::to_string(waiting) + ", but only " +
                                               std::to_string(asking) + " still ask");
  }
}

// --- the end -----------------------------------------------------------------------------------

void World::end() {
  random_.seed(scenario_.seed);
  if (scenario_.ending == Ending::kRecovery && !closing_) recover();
  if (!verdict_.ok()) return;
  if (!closing_) close(scenario_.close_patience);
  advance(seconds(1));
  give_everything_back();
  advance(seconds(5) + scenario_.close_patience + kLongestClose);
  if (!verdict_.ok()) return;
  if (!closed_) verdict_.broken("closing comes to an end", "it does not");
  check_gone();
}

void World::give_everything_back() {
  settle();
  for (auto& [id, loan] : loans_) loan.loan.reset();
}

void World::be_well() {
  for (int i = 0; i < scenario_.databases; ++i) {
    forget_plans(fake(i));
    set_mood(fake(i), Mood::kHealthy, random_);
    manager_->control(
        "db" + std::to_string(i), [](manager::Shard& shard) { shard.resume(); }, [](Status) {});
  }
  pools_.end_overrides();
}

void World::recover() {
  settle();
  be_well();
  give_everything_back();
  advance(kUntilAllIsQuiet);
  give_everything_back();  // what was still lent meanwhile
  if (verdict_.ok() && scenario_.max_connections == 0) pools_.require_min_size();
  for (int i = 0; i < scenario_.databases && verdict_.ok(); ++i) recover(i);
  advance(seconds(5));
  if (verdict_.ok()) check_quiet();
}

/// A database that got well is used again, each of its shards.
void World::recover(int database) {
  const auto known = manager_->find("db" + std::to_string(database), nullptr);
  if (known) use_until_well(known, database);
}

void World::use_until_well(const manager::DatabasePointer& known, int database) {
  constexpr int kFirstId = 1'000'000;
  const auto wanted = 8 * static_cast<int>(known->shards.size());
  int id = kFirstId;
  for (int in_a_row = 0; in_a_row < wanted && verdict_.ok(); ++id) {
    if (id - kFirstId == kTriesUntilWell) {
      return verdict_.broken("a database that got well is used again", known->db_id + " is not");
    }
    const auto refused = met_.failures(ErrorCode::kBreakerOpen);
    const auto succeeded = met_.succeeded;
    query({.what = What::kQuery, .database = database, .id = id, .time = milliseconds(1'000)});
    advance(milliseconds(100));
    if (calls_.under_way(database) > 0) advance(seconds(1));
    in_a_row = met_.succeeded > succeeded ? in_a_row + 1 : 0;
    if (met_.failures(ErrorCode::kBreakerOpen) > refused && !pools_.refuses(database)) {
      verdict_.broken("permits are conserved",
                      known->db_id +
                          ": a half-open breaker refused a call while no other was "
                          "under way");
    }
  }
}

void World::check_quiet() {
  pools_.require_quiet();
  const auto known = manager_->find("db" + std::to_string(kSteady), nullptr);
  if (!known) return;
  const auto ticket = answers_.expect("the last figures", now());
  manager_->stats({known}, nullptr, [this, ticket](const std::vector<DatabaseStats>& stats) {
    answers_.came(ticket, now());
    const auto counted = stats.front().queries;
    if (counted == calls_.begun(kSteady)) return;
    verdict_.broken("every call is counted once",
                    "db0 was sent " + std::to_string(calls_.begun(kSteady)) +
                        " calls, and counted " + std::to_string(counted));
  });
  settle();
}

void World::close(base::Duration patience) {
  closing_ = true;
  manager_->close(patience, [this] {
    if (closed_) verdict_.broken("closing ends once", "it ended twice");
    closed_ = true;
    for (int i = 0; i < scenario_.databases; ++i) {
      if (fake(i).live() + fake(i).connecting() == 0) continue;
      verdict_.broken("closing closes every connection",
                      "db" + std::to_string(i) + " has " + std::to_string(fake(i).live()) +
                          " connections, and " + std::to_string(fake(i).connecting()) +
                          " connects under way, though everything is closed");
    }
  });
}

void World::check_gone() {
  answers_.require_none_open("until the end");
  handles_.clear();
  fan_outs_.clear();
  if (const auto left = manager_->connections(); left.taken + left.waiting > 0) {
    verdict_.broken("the budget is whole again", std::to_string(left.taken) + " are taken, " +
                                                     std::to_string(left.waiting) + " pools wait");
  }
  manager_.reset();
  pools_.require_gone();
  if (workers_.next_timer()) verdict_.broken("no timer is left behind", "one is");
}

// --- what is told ------------------------------------------------------------------------------

void World::on_execute(int database, testing::FakeConnection& connection, const Query& query) {
  const auto reset = resets_[static_cast<std::size_t>(database)];
  const bool begins = calls_.sent(database, query.sql, connection, reset);
  if (!begins || !pools_.shut(database, connection.loop())) return;
  verdict_.broken("nothing passes an open breaker",
                  query.sql + " was sent to db" + std::to_string(database));
}

void World::on_breaker_transition(const BreakerTransition& transition) {
  if (transition.to == BreakerState::kOpen) ++met_.opened;
  if (transition.reason == "trials_succeeded") ++met_.recovered;
  if (transition.from == transition.to) {
    verdict_.broken("a transition changes the state", transition.explanation);
  }
}

void World::on_pool_event(std::string_view db_id, PoolEvent event, std::string_view) {
  const auto database = [db_id] { return std::stoi(std::string(db_id.substr(2))); };
  if (event == PoolEvent::kPoolClosed) pools_.unused(database());
  if (event == PoolEvent::kAcquired) pools_.lent(database());
}

void World::on_session_ended(const SessionEvent& event) {
  for (const auto& [id, session] : sessions_) {
    const bool is_it = session.use->id == event.session_id;
    if (is_it && "db" + std::to_string(session.database) == event.db_id) calls_.session_over(id);
  }
}

void World::on_database(std::string_view db_id, std::string_view what) {
  if (what != "connected") return;
  const int database = std::stoi(std::string(db_id.substr(2)));
  ++registrations_[static_cast<std::size_t>(database)];
  pools_.registered(database, *manager_->find(db_id, nullptr));
}

}  // namespace sluice::simulation
