#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "manager/manager.h"
#include "simulation/cluster.h"
#include "simulation/cluster_calls.h"
#include "simulation/cluster_scenario.h"
#include "simulation/met.h"
#include "simulation/verdict.h"
#include "simulation/workers.h"

namespace sluice::simulation {

/// A manager whose databases have several hosts, to which a scenario happens. As in `World`,
/// everything is real but the loops, the clock and the connections.
class ClusterWorld final : private Observer {
 public:
  [[nodiscard]] static ClusterScenario draw(std::uint64_t seed) {
    return make_cluster_scenario(seed);
  }
  ClusterWorld(const ClusterScenario& scenario, Met& met);
  ~ClusterWorld() override;

  /// Lets the whole scenario happen, and checks all the time.
  [[nodiscard]] std::optional<Violation> live();

 private:
  /// Tells the connections of monitors from those of pools.
  class Connectors final : public testing::FakeConnectorFactory {
   public:
    Connectors() { by_host = true; }
    [[nodiscard]] std::unique_ptr<pool::Connector> make(const Target& target,
                                                        const DatabaseOptions& options,
                                                        base::EventLoop& loop) override;
  };

  // time
  void settle();
  void advance(base::Duration span);
  void learn();
  [[nodiscard]] base::TimePoint now() const { return workers_.now(); }

  // what happens
  void connect();
  void happen(const ClusterEvent& event);
  void happen_to_server(const ClusterEvent& event);
  void traffic(const ClusterEvent& event);
  void call(int cluster, std::string statement, int client);
  void call_steady();
  void call_in_time(int cluster, std::string statement);
  manager::CallHandle execute(const Query& query, const std::string& db_id, int client);
  manager::CallHandle transact(const Query& query, const std::string& db_id);
  [[nodiscard]] std::function<void(Result<Completion>)> done_of(std::string statement,
                                                                std::string db_id);

  // what must be
  void check();
  void check_slots(int cluster);
  void check_budget();
  void check_sent(int index, int server, const std::string& sql);
  [[nodiscard]] bool is_wrong(const manager::TopologyView& view, int server,
                              const std::string& sql) const;
  void recover();
  void use_all();
  void check_roles();
  void end();

  // SLUICE_TRACE=1 prints what happens, for whoever replays one seed
  void trace(const std::string& what) const;
  void on_breaker_transition(const BreakerTransition& transition) override;
  void on_host(const HostEvent& event) override;

  [[nodiscard]] int pick(int from, int to);
  [[nodiscard]] Cluster& cluster(int index) { return *clusters_[static_cast<std::size_t>(index)]; }
  [[nodiscard]] static std::string name(int cluster) { return "c" + std::to_string(cluster); }

  const bool tracing_;
  const ClusterScenario& scenario_;
  Met& met_;
  Verdict verdict_;
  Workers workers_;
  base::Random random_;
  ClusterCalls calls_{verdict_, met_};
  Connectors connectors_;
  std::vector<std::unique_ptr<Cluster>> clusters_;
  std::unique_ptr<manager::Manager> manager_;
  /// What every router knew before the clock moved last.
  std::vector<std::shared_ptr<const manager::TopologyView>> known_;
  std::vector<std::int64_t> followed_;  ///< the latest timeline whose primary was known
  int next_ = 0;
  bool well_ = false;  // nothing may fail any more
};

}  // namespace sluice::simulation
