#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/timer.h"
#include "gateway/gateway.h"
#include "http/api.h"
#include "http/http_connection.h"
#include "manager/manager.h"
#include "simulation/verdict.h"
#include "simulation/wire_client.h"
#include "simulation/workers.h"
#include "support/fake_connection.h"

namespace sluice::simulation {

/// The whole gateway on two workers, between clients and databases who do what is drawn. Real is
/// all from the parser of requests to the pool; drawn are the order in which the workers run, the
/// clients and their sockets, the databases' answers, and how time passes.
class WireWorld {
 public:
  explicit WireWorld(std::uint64_t seed);
  ~WireWorld();

  /// So many events; then everything comes to its end, and promises are checked.
  void live(int events);
  [[nodiscard]] const Verdict& verdict() const { return verdict_; }

 private:
  struct Place {
    std::shared_ptr<WireClient> client;
    int worker = 0;
  };

  [[nodiscard]] int draw(int from, int to);
  [[nodiscard]] bool chance(int percent) { return draw(1, 100) <= percent; }
  [[nodiscard]] static http::ServerOptions server_options();
  [[nodiscard]] std::vector<base::EventLoop*> loops() const { return workers_.loops(); }
  /// Does it there, when that worker's turn comes: as its poller would, which overtakes what was
  /// posted.
  void on(int worker, std::function<void()> deed);
  void turn_a_little();
  void settle() { workers_.settle(random_, verdict_); }
  void pass(base::Duration time);

  void connect_database(const std::string& db_id);
  void script(const std::string& name);
  void draw_answer(const std::string& name, const std::string& sql);
  [[nodiscard]] testing::Answer drawn_rows(const std::string& sql);
  void lose_sessions();
  void change_databases();

  void event();
  void replace_client(std::size_t place);
  void client_event();
  [[nodiscard]] WireRequest drawn_request();
  [[nodiscard]] WireRequest drawn_look();
  void check_limits();

  void end();
  void check_nothing_is_left();

  base::Random random_;
  const bool calm_;  // nobody leaves, nothing is lost: what stands still is seen in the end
  Verdict verdict_;
  gateway::InFlight in_flight_{{.requests = 0, .bytes = 2'500'000}};
  testing::FakeConnectorFactory databases_;
  Workers workers_{2};
  const base::TimePoint started_ = workers_.now();
  Observer observer_;
  gateway::Events events_;
  const http::ServerOptions options_ = server_options();
  manager::Manager manager_;
  gateway::Gateway gateway_;
  http::Router router_;
  http::Api api_;
  const http::Dispatcher dispatcher_;
  const std::function<void(const http::AccessRecord&)> access_log_;
  std::atomic<int> busy_{0};
  std::vector<std::unique_ptr<http::ConnectionContext>> contexts_;
  std::vector<Place> clients_;
  std::vector<std::unique_ptr<base::Timer>> deeds_;  // to be done, and some that are done
  std::map<std::string, std::size_t> rows_of_;       // that a statement's last answer had
  int statements_ = 0;
  bool drained_ = false;
};

}  // namespace sluice::simulation
