#include "simulation/wire_world.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace sluice::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Answer;

constexpr std::size_t kClients = 4;
/// Longer than anything may take that nobody keeps waiting.
constexpr seconds kAnyPatience{120};

std::shared_ptr<const gateway::AccessRules> open_to_all() {
  return std::make_shared<const gateway::AccessRules>(gateway::AccessRules{
      security::ApiKeys({}), security::HostRules::parse({"127.0.0.1"}).value(), {}});
}

Target target_of(const std::string& database) {
  Target target;
  target.database = database;
  target.user = "app";
  target.password = Secret("right");
  return target;
}

std::string request_text(std::string_view path, const std::string& body, std::string_view headers,
                         bool http_1_0) {
  return "POST " + std::string(path) + (http_1_0 ? " HTTP/1.0" : " HTTP/1.1") +
         "\r\nHost: localhost\r\nContent-Type: application/json\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

http::ServerOptions WireWorld::server_options() {
  http::ServerOptions options;
  options.write_timeout = seconds(10);
  return options;
}

WireWorld::WireWorld(std::uint64_t seed)
    : random_(seed),
      calm_(chance(50)),
      manager_({loops(), databases_, observer_, seed, [this] { return workers_.now(); }}),
      gateway_({manager_, events_, loops(), in_flight_, {}, {}}, open_to_all()),
      api_(router_, gateway_),
      dispatcher_(
          router_,
          http::SitePolicy({.bound_host = "127.0.0.1", .allowed_hosts = {}, .cors_origins = {}})),
      clients_(kClients) {
  http::add_all_routes(api_);
  for (int worker = 0; worker < 2; ++worker) {
    contexts_.push_back(std::make_unique<http::ConnectionContext>(
        http::ConnectionContext{.loop = workers_.loop(worker),
                                .options = options_,
                                .dispatcher = dispatcher_,
                                .access_log = access_log_,
                                .busy_connections = busy_,
                                .random = base::Random(seed)}));
  }
  for (const char* name : {"db0", "db1"}) {
    script(name);
    connect_database(name);
    settle();
  }
  for (std::size_t place = 0; place < kClients; ++place) replace_client(place);
  settle();
}

WireWorld::~WireWorld() = default;

int WireWorld::draw(int from, int to) {
  return std::uniform_int_distribution<int>(from, to)(random_);
}

void WireWorld::on(int worker, std::function<void()> deed) {
  testing::SimulatedLoop& loop = workers_.loop(worker);
  std::erase_if(deeds_, [](const auto& done) { return !done->armed(); });
  deeds_.push_back(std::make_unique<base::Timer>(loop.timers(), std::move(deed)));
  deeds_.back()->arm(workers_.now());
}

void WireWorld::turn_a_little() {
  for (int left = chance(50) ? draw(0, 12) : draw(0, 200); left > 0; --left) {
    if (!workers_.turn(random_)) return;
  }
}

void WireWorld::pass(base::Duration time) {
  const auto moment = workers_.now() + time;
  settle();
  for (auto next = workers_.next_timer(); verdict_.ok() && next && *next <= moment;
       next = workers_.next_timer()) {
    workers_.set_now(std::max(*next, workers_.now()));
    settle();
  }
  workers_.set_now(std::max(moment, workers_.now()));
}

// --- databases

void WireWorld::connect_database(const std::string& db_id) {
  DatabaseOptions options;
  options.pool.max_size = 3;
  options.pool.acquire_timeout = seconds(2);
  options.query.max_result_bytes = 400'000;
  options.query.timeout = seconds(5);
  manager_.connect({target_of(db_id), options, db_id, true, [](const Result<Connected>&) {}});
}

void WireWorld::script(const std::string& name) {
  testing::FakeDatabase& database = databases_.database(name);
  database.on_execute = [this, name](testing::FakeConnection&, const Query& query) {
    draw_answer(name, query.sql);
  };
}

/// Each time anew: a statement may be sent a second time.
void WireWorld::draw_answer(const std::string& name, const std::string& sql) {
  testing::FakeDatabase& database = databases_.database(name);
  testing::Script& answers = database.executes;
  answers.forget_next();
  database.cancels.forget_next();
  if (!sql.starts_with("SELECT of_")) return;
  if (chance(10)) database.cancels.next(Answer::never());
  const int kind = draw(1, 100);
  const auto after = milliseconds(chance(50) ? 0 : draw(0, 50));
  rows_of_.erase(sql);
  if (kind <= 75) return answers.next(drawn_rows(sql).later(after));
  if (kind <= 85) return answers.next(Answer::fails(testing::sql_error("22012", "no"), after));
  if (kind <= 93) return answers.next(Answer::never());
  answers.next(Answer::loses_connection(after));
}

testing::Answer WireWorld::drawn_rows(const std::string& sql) {
  const int count = chance(30) ? draw(0, 5) : draw(0, 1'000);
  const int width = chance(60) ? draw(500, 5'000) : draw(0, 400);
  std::vector<testing::FakeRow> rows;
  for (int i = 0; i < count; ++i) {
    rows.push_back({std::to_string(i) + ":" + std::string(static_cast<std::size_t>(width), 'x')});
  }
  if (chance(5)) rows.push_back({std::to_string(count) + ":" + std::string(700'000, 'y')});
  rows_of_[sql] = rows.size();
  auto answer = Answer::with_rows({"n"}, std::move(rows));
  answer.lull_every = chance(50) ? draw(1, 40) : 0;
  return answer;
}

void WireWorld::lose_sessions() {
  const int worker = draw(0, 1);
  on(worker, [this, worker] {
    for (const char* name : {"db0", "db1"}) {
      const auto& open = databases_.database(name).connections();
      const auto ours = [&](const auto* one) { return &one->loop() == &workers_.loop(worker); };
      const auto found = std::ranges::find_if(open, ours);
      if (found != open.end()) (*found)->lose();
    }
  });
}

void WireWorld::change_databases() {
  const std::string db_id = chance(50) ? "db0" : "db1";
  if (chance(50)) {
    manager_.disconnect(db_id, seconds(draw(0, 3)), [](const Status&) {});
    return connect_database(db_id);
  }
  const int size = draw(1, 4);
  manager_.configure(db_id, manager::Revise([size](DatabaseOptions options) {
                       options.pool.max_size = size;
                       return Result<DatabaseOptions>(options);
                     }),
                     [](const Status&) {});
}

// --- clients

void WireWorld::replace_client(std::size_t place) {
  Place& at = clients_[place];
  if (const auto old = at.client) {
    on(at.worker, [this, old] {
      if (old->closed()) old->check(rows_of_, drained_);
      old->leave();
    });
  }
  at.worker = draw(0, 1);
  const int most = chance(50) ? 20'000 : 100'000;
  WireClient::Habit reads = [this, most] {
    const auto after = std::chrono::microseconds(chance(70) ? 0 : draw(0, 3'000));
    return WireClient::Reading{after, static_cast<std::size_t>(draw(1, most))};
  };
  at.client = std::make_shared<WireClient>(verdict_, chance(70) ? reads : nullptr);
  on(at.worker, [client = at.client, &context = *contexts_[static_cast<std::size_t>(at.worker)]] {
    client->open(context);
  });
}

/// Several may be under way on one connection: they have no effects.
WireRequest WireWorld::drawn_look() {
  const auto up = std::chrono::floor<seconds>(workers_.now() - started_).count();
  const std::array<std::string, 6> paths{
      "/openapi.json",
      "/metrics",
      "/databases",
      "/admin/queries",
      "/admin/support-bundle",
      "/admin/snapshot?wait_ms=1500&since=" + std::to_string(up * 1'000)};
  WireRequest request;
  request.http_1_0 = chance(5);
  request.bytes = "GET " + paths[static_cast<std::size_t>(draw(0, 5))] +
                  (request.http_1_0 ? " HTTP/1.0" : " HTTP/1.1") + "\r\nHost: localhost\r\n" +
                  (chance(50) ? "Accept-Encoding: gzip\r\n" : "") + "\r\n";
  return request;
}

WireRequest WireWorld::drawn_request() {
  using Kind = WireRequest::Kind;
  if (chance(25)) return drawn_look();
  WireRequest request;
  request.http_1_0 = chance(10);
  request.sql = "SELECT of_" + std::to_string(++statements_);
  std::string headers = chance(40) ? "Accept-Encoding: gzip\r\n" : "";
  std::string path = chance(50) ? "/query/db0" : "/query/db1";
  std::string rest;
  switch (draw(0, 10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      request.kind = Kind::kNdjson;
      headers += "Accept: application/x-ndjson\r\n";
      break;
    case 4:
      request.kind = Kind::kCsv;
      headers += "Accept: text/csv\r\n";
      break;
    case 5:
    case 6:
      request.kind = Kind::kJson;
      break;
    case 7:  // the same for all
      request.sql = "SELECT of_all";
      rest = R"(,"read_only":true,"cache_ttl_ms":1000)";
      break;
    case 8:
      path = "/query";
      rest = R"(,"all":true)";
      if (chance(60)) headers += "Accept: application/x-ndjson\r\n";
      break;
    case 9:
      path.replace(1, 5, "transaction");
      break;
    default:
      request.sql = "SELECT of_one";
      headers += "Idempotency-Key: " + std::to_string(draw(1, 3)) + "\r\n";
  }
  const bool alone = path.starts_with("/query");
  std::string body = R"({"sql":")" + request.sql + '"' + rest + '}';
  if (!alone) body = R"({"statements":[)" + body + R"(,{"sql":"SELECT of_more"}]})";
  request.bytes = request_text(path, body, headers, request.http_1_0);
  return request;
}

void WireWorld::client_event() {
  const auto place = static_cast<std::size_t>(draw(0, static_cast<int>(kClients) - 1));
  const auto deed = [&](std::function<void(WireClient&)> what) {
    on(clients_[place].worker,
       [client = clients_[place].client, what = std::move(what)] { what(*client); });
  };
  const int kind = draw(1, 100);
  if (kind <= 25) {
    const auto at_first = static_cast<std::size_t>(chance(80) ? 100'000 : draw(1, 300));
    return deed([request = drawn_request(), at_first](WireClient& client) {
      client.send(request, at_first);
    });
  }
  if (kind <= 28) return deed([](WireClient& client) { client.send_the_rest(); });
  if (kind <= 88) {
    const auto bytes = static_cast<std::size_t>(chance(70) ? draw(1, 100'000) : draw(1, 400'000));
    return deed([bytes](WireClient& client) { client.take(bytes); });
  }
  if (kind <= 92) return deed([](WireClient& client) { client.take_everything(); });
  if (calm_) return;
  if (kind <= 94) return deed([](WireClient& client) { client.finish_sending(); });
  replace_client(place);
}

void WireWorld::event() {
  const int kind = draw(1, 100);
  if (kind <= 75) return client_event();
  if (kind <= 92)
    return pass(chance(80) ? milliseconds(draw(0, 60)) : milliseconds(draw(0, 3'000)));
  if (calm_) return;
  if (kind <= 94) return pass(seconds(draw(5, 40)));
  if (kind <= 97) return lose_sessions();
  change_databases();
}

// --- what must hold

void WireWorld::check_limits() {
  const auto& limits = in_flight_.limits();
  if (in_flight_.bytes() > limits.bytes || in_flight_.bytes() < 0 || in_flight_.requests() < 0) {
    verdict_.broken("the memory that is counted is within its limit",
                    std::to_string(in_flight_.bytes()) + " bytes");
  }
}

void WireWorld::live(int events) {
  for (; events > 0 && verdict_.ok(); --events) {
    event();
    turn_a_little();
    check_limits();
  }
  if (verdict_.ok()) end();
}

/// Everybody who is still there sends and reads to the end.
void WireWorld::end() {
  const bool drains = chance(50);
  for (int worker = 0; worker < 2 && drains; ++worker) {
    on(worker, [this, worker] { contexts_[static_cast<std::size_t>(worker)]->draining = true; });
  }
  drained_ = drains;
  for (std::size_t place = 0; place < kClients; ++place) {
    on(clients_[place].worker, [client = clients_[place].client, drains] {
      if (drains) client->drain();
      client->send_the_rest();
      client->take_everything();
    });
  }
  pass(kAnyPatience);
  for (const Place& place : clients_) place.client->check(rows_of_, drained_);
  check_nothing_is_left();
}

void WireWorld::check_nothing_is_left() {
  const auto expect = [this](const char* what, auto count) {
    if (count != 0) verdict_.broken("in the end nothing is left", what + std::to_string(count));
  };
  expect("busy connections: ", busy_.load());
  expect("requests in flight: ", in_flight_.requests());
  expect("bytes in flight: ", in_flight_.bytes());
  metrics::ProcessFacts facts;
  gateway_.request_metrics().add_to(facts);
  std::int64_t under_way = facts.streams.started;
  for (const auto ended : facts.streams.ended) under_way -= ended;
  expect("streams: ", under_way);
  manager_.stats(manager_.databases(), &workers_.loop(0), [expect](std::vector<DatabaseStats> all) {
    for (const DatabaseStats& stats : all) {
      expect("connections in use: ", stats.pool.used);
      expect("callers that wait: ", stats.pool.waiting);
    }
  });
  bool closed = false;
  for (const Place& place : clients_) {
    on(place.worker, [client = place.client] { client->abort(); });
  }
  manager_.close(seconds(0), [&closed] { closed = true; });
  pass(seconds(30));
  if (!closed) verdict_.broken("the manager closes", "it does not");
}

}  // namespace sluice::simulation
