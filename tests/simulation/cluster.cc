#include "simulation/cluster.h"

#include <algorithm>
#include <utility>

#include "manager/host_probe.h"

namespace sluice::simulation {
namespace {

using std::chrono::milliseconds;
using testing::Answer;
using testing::FakeDatabase;

constexpr std::int64_t kBytesOfAWrite = 10;

bool is_write(const std::string& sql) { return sql.starts_with('w'); }

std::vector<testing::Script*> scripts_of(FakeDatabase& database) {
  return {&database.connects, &database.pings,    &database.resets,
          &database.closes,   &database.executes, &database.cancels};
}

Answer read_only_transaction() {
  return Answer::fails(
      testing::sql_error("25006", "cannot execute INSERT in a read-only transaction"));
}

/// Each breaks on its own loop, and some may have gone by then.
void lose_all(FakeDatabase& database) {
  for (testing::FakeConnection* connection : database.connections()) {
    connection->loop().post([connection, &database] {
      const auto& left = database.connections();
      if (std::ranges::find(left, connection) != left.end()) connection->lose();
    });
  }
}

std::string micros(base::TimePoint time) {
  return std::to_string(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

Cluster::Cluster(std::string name, int servers, Dependencies dependencies)
    : name_(std::move(name)), dependencies_(std::move(dependencies)) {
  servers_.reserve(static_cast<std::size_t>(servers));
  for (int i = 0; i < servers; ++i) {
    const std::string host = name_ + "h" + std::to_string(i);
    Server& server = servers_.emplace_back();
    server.name = host;
    server.sessions = &dependencies_.connectors.database(host);
    server.monitor = &dependencies_.connectors.database(monitored(host));
    server.primary = i == primary_;
    server.sessions->shares = [](const Query& query) { return !is_write(query.sql); };
    server.sessions->on_execute = [this, i](testing::FakeConnection& connection,
                                            const Query& query) {
      if (!connection.in_transaction()) open_.erase(&connection);  // it was cleaned
      begins(at(i), query);
    };
    server.sessions->on_end = [this, i](testing::FakeConnection& connection, const std::string& sql,
                                        const Answer* answer) {
      ended(at(i), connection, sql, answer);
    };
    server.monitor->on_execute = [this, i](testing::FakeConnection&, const Query& query) {
      const bool answers = at(i).alive && !at(i).frozen;
      at(i).monitor->statement(query.sql).always(answers ? facts(at(i)).later(delay(at(i)))
                                                         : Answer::never());
    };
    behave(server);
  }
}

Target Cluster::target() const {
  Target target;
  target.database = name_;
  target.user = "app";
  target.password = Secret("right");
  target.host = servers_.front().name;
  for (std::size_t i = 1; i < servers_.size(); ++i) {
    target.other_hosts.push_back({servers_[i].name, 5432});
  }
  return target;
}

// --- what happens to servers -------------------------------------------------------------------

void Cluster::kill(int server) {
  at(server).alive = at(server).frozen = at(server).cut = false;
  behave(at(server));
  lose_connections(server);
}

void Cluster::revive(int server, bool rewound) {
  Server& one = at(server);
  if (one.alive) return;
  one.alive = true;
  if (rewound && server != primary_) one.primary = false;
  follow(one);
  behave(one);
}

void Cluster::freeze(int server, bool cut) {
  if (!at(server).alive) return;
  at(server).frozen = true;
  at(server).cut = cut;
  behave(at(server));
}

/// One that is no primary forgets what it was asked: that may have been a write, when it still was.
void Cluster::thaw(int server) {
  Server& one = at(server);
  if (!one.frozen) return;
  one.frozen = one.cut = false;
  follow(one);
  behave(one);
  if (!one.primary) return lose_connections(server);
  for (auto* script : scripts_of(*one.sessions)) {
    script->answer_all_at(dependencies_.now(), Answer::ok());
  }
  lose_all(*one.monitor);
}

void Cluster::promote(int server) {
  Server& next = at(server);
  Server& old = at(primary_);
  const bool complete = next.log.size() >= old.log.size();
  if (server == primary_ || next.primary || !runs(next) || !complete) return;
  primary_ = server;
  next.primary = true;
  next.timeline = ++timeline_;
  promoted_at_ = dependencies_.now();
  next.replayed = next.log.size();
  if (old.alive && !old.frozen) {
    old.primary = false;
    lose_connections(static_cast<int>(&old - servers_.data()));
  }
  for (Server& each : servers_) follow(each);
}

void Cluster::rewind(int server) {
  Server& one = at(server);
  if (server == primary_ || !one.primary || !one.alive || one.frozen) return;
  one.primary = false;
  lose_connections(server);
  follow(one);
}

void Cluster::lag(int server, bool lags) {
  at(server).lags = lags;
  follow(at(server));
}

void Cluster::slow(int server, bool slow) {
  at(server).slow = slow;
  behave(at(server));
}

void Cluster::lose_connections(int server) {
  lose_all(*at(server).sessions);
  lose_all(*at(server).monitor);
}

void Cluster::wake() {
  for (int i = 0; i < size(); ++i) {
    revive(i, true);
    thaw(i);
  }
}

void Cluster::heal() {
  for (int i = 0; i < size(); ++i) {
    rewind(i);
    slow(i, false);
    lag(i, false);
  }
  for (Server& each : servers_) follow(each);
}

bool Cluster::keeps(const std::string& write) const {
  return std::ranges::any_of(at(primary_).log,
                             [&write](const Entry& entry) { return entry.write == write; });
}

bool Cluster::has_rogue() const {
  return std::ranges::any_of(servers_, [this](const Server& each) {
    return each.primary && each.alive && !each.frozen && &each != &at(primary_);
  });
}

// --- how they answer ---------------------------------------------------------------------------

void Cluster::behave(Server& server) {
  for (FakeDatabase* database : {server.sessions, server.monitor}) {
    for (auto* script : scripts_of(*database)) {
      script->always(server.frozen ? Answer::never() : Answer::ok(delay(server)).echo());
    }
    if (!server.alive) database->connects.always(Answer::fails(testing::refused_connection()));
  }
}

/// A replica that runs has what the primary has, as soon as both run.
void Cluster::follow(Server& server) {
  const Server& leader = at(primary_);
  if (server.primary || !runs(server) || !runs(leader)) return;
  server.log = leader.log;
  server.timeline = leader.timeline;
  server.replayed = server.lags ? std::min(server.replayed, server.log.size()) : server.log.size();
}

milliseconds Cluster::delay(const Server& server) {
  return milliseconds(server.slow ? pick(50, 900) : pick(0, 4));
}

int Cluster::pick(int from, int to) {
  return std::uniform_int_distribution<int>(from, to)(dependencies_.random);
}

void Cluster::begins(Server& server, const Query& query) {
  if (!server.alive) return server.sessions->executes.next(Answer::loses_connection());
  if (server.frozen || !is_write(query.sql)) return;
  if (!server.primary) ++refused_writes_;
  server.sessions->executes.next(server.primary ? Answer::ok(delay(server))
                                                : read_only_transaction());
}

/// A server that could not tell its client, or was given up, may have committed or not.
void Cluster::ended(Server& server, testing::FakeConnection& connection, const std::string& sql,
                    const Answer* answer) {
  const bool well = answer && answer->kind == Answer::Kind::kOk;
  const bool lost = !answer || answer->loses_session;
  const bool takes_effect = well || (lost && pick(0, 1) == 1);
  auto& open = open_[&connection];
  if (sql.starts_with("BEGIN")) open = {"BEGIN"};
  const bool in_transaction = !open.empty();
  if (well && in_transaction && is_write(sql)) open.push_back(sql);
  if (takes_effect && server.primary && is_write(sql) && !in_transaction) commit(server, sql);
  if (takes_effect && server.primary && sql == "COMMIT") {
    for (std::size_t i = 1; i < open.size(); ++i) commit(server, open[i]);
  }
  if (lost || sql == "COMMIT" || sql == "ROLLBACK") open_.erase(&connection);
}

void Cluster::commit(Server& server, const std::string& write) {
  server.log.push_back({write, dependencies_.now()});
  server.replayed = server.log.size();
  const bool counts = &server == &at(primary_);
  if (counts) {
    for (Server& each : servers_) follow(each);
  }
  dependencies_.executed(write, counts);
}

Answer Cluster::facts(const Server& server) const {
  using testing::FakeRow;
  FakeRow row(6);
  const auto seen = server.primary ? server.log.size() : server.replayed;
  row[0] = server.primary ? "f" : "t";
  row[1] = server.primary ? "off" : "on";
  row[2] = std::to_string(kBytesOfAWrite * static_cast<std::int64_t>(seen));
  if (server.primary) row[3] = std::to_string(server.timeline);
  row[4] = micros(dependencies_.now());
  if (!server.primary && seen > 0) row[5] = micros(server.log[seen - 1].at);
  return Answer::with_rows({"1", "2", "3", "4", "5", "6"}, {row});
}

}  // namespace sluice::simulation
