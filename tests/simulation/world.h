#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "manager/fan_out.h"
#include "manager/manager.h"
#include "simulation/answers.h"
#include "simulation/calls.h"
#include "simulation/met.h"
#include "simulation/pools.h"
#include "simulation/scenario.h"
#include "simulation/verdict.h"
#include "simulation/workers.h"

namespace sluice::simulation {

/// A manager with its workers and databases, to which a scenario happens. Everything is real but
/// the loops, the clock and the connections. After a violation it must not be destroyed: what is
/// inside may be in any state.
class World final : private Observer {
 public:
  [[nodiscard]] static Scenario draw(std::uint64_t seed) { return make_scenario(seed); }
  World(const Scenario& scenario, Met& met);
  ~World() override;

  /// Lets the whole scenario happen, and checks after each event.
  [[nodiscard]] std::optional<Violation> live();
  /// How many events had happened when it ended.
  [[nodiscard]] std::size_t happened() const { return happened_; }

 private:
  struct Loan {
    int database = 0;
    Answers::Ticket ticket = 0;
    std::unique_ptr<manager::Loan> loan;
  };
  /// A connect, which may have a connection of its own until a while after its answer.
  struct Connect {
    int database = 0;
    Answers::Ticket ticket = 0;
    base::TimePoint gone_at = base::TimePoint::max();
  };

  // world.cc: time, and the end
  void live_through_events();
  void on_worker(int worker, base::Task task);
  bool turn();
  void settle();
  void advance(base::Duration span);
  void advance_to(base::TimePoint moment);
  void check();
  void check_at_rest();
  void check_budget();
  void end();
  void recover();
  void recover(int database);
  void use_until_well(const manager::DatabasePointer& known, int database);
  void close(base::Duration patience);
  void give_everything_back();
  void be_well();
  void check_quiet();
  void check_gone();

  // world_events.cc: what happens
  void happen(const Event& event);
  void happen_to_callers(const Event& event);
  void happen_to_operators(const Event& event);
  void happen_to_databases(const Event& event);
  void pass_time(const Event& event);
  void answered(Calls::Key key, int from, const Result<Completion>& result);
  void query(const Event& event);
  void send(const Event& event, const Calls::Order& order,
            const std::function<void(manager::Call&)>& prepare);
  void query_again(Event event);
  void stream(const Event& event);
  void open_session(const Event& event);
  void use_session(const Event& event);
  void end_session(const Event& event);
  void transact(const Event& event);
  void fan_out(const Event& event);
  void start_fan_out(const Event& event);
  void cancel(int id);
  void lend(const Event& event);
  void lent(int id, Result<std::unique_ptr<manager::Loan>> loan);
  void give_back(const Event& event);
  [[nodiscard]] base::TimePoint connects_ended_by();
  void connect(const Event& event);
  void connected(const Event& event, const Result<Connected>& result);
  void disconnect(const Event& event);
  void control(const Event& event, std::function<void(manager::Shard&)> action);
  void look_at_figures();
  void see_figures(const DatabaseStats& figures);
  void on_every_connection(const Event& event);
  [[nodiscard]] std::function<void(Status)> status_due(std::string what, base::TimePoint by);

  [[nodiscard]] base::TimePoint now() const { return workers_.now(); }
  [[nodiscard]] Surroundings surroundings(int database);
  [[nodiscard]] int registration(int database);
  [[nodiscard]] bool may_be_lent(int database) const;
  [[nodiscard]] int leases_asked(int database) const;
  [[nodiscard]] testing::FakeDatabase& fake(int database);
  void on_execute(int database, testing::FakeConnection& connection, const Query& query);

  void on_breaker_transition(const BreakerTransition& transition) override;
  void on_database(std::string_view db_id, std::string_view what) override;
  void on_session_ended(const SessionEvent& event) override;
  void on_pool_event(std::string_view db_id, PoolEvent event, std::string_view detail) override;

  const Scenario& scenario_;
  Met& met_;
  Verdict verdict_;
  Answers answers_{verdict_};
  Calls calls_{verdict_, answers_, met_};
  Workers workers_;
  base::Random random_;
  testing::FakeConnectorFactory connectors_;
  std::unique_ptr<manager::Manager> manager_;
  Pools pools_;

  std::size_t happened_ = 0;
  int probes_ = 0;  // of the health, under way
  bool closing_ = false;
  bool closed_ = false;
  std::vector<int> registrations_;  // of each database, so far
  std::vector<ResetPolicy> resets_;
  std::map<int, std::vector<manager::CallHandle>> handles_;
  std::map<int, std::pair<int, std::weak_ptr<manager::FanOutRun>>> fan_outs_;  // with the worker
  std::map<int, Loan> loans_;
  struct Session {
    int database = 0;
    std::shared_ptr<manager::SessionUse> use;  ///< with an id once it is open
  };
  std::map<int, Session> sessions_;  // by the id of what opened them
  Readers readers_;
  std::set<int> drained_;  // databases, some time
  std::deque<Connect> connects_;
  std::map<std::pair<std::string, std::chrono::system_clock::time_point>, DatabaseStats> figures_;
};

}  // namespace sluice::simulation
