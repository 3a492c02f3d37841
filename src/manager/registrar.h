#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "manager/registry.h"
#include "manager/trial.h"
#include "pool/connection.h"
#include "sluice/observer.h"
#include "sluice/pool_manager.h"

namespace sluice::manager {

/// A request to register a database.
struct ConnectCall {
  Target target;
  DatabaseOptions options;
  std::string db_id;  ///< empty: the id this target has already, or its default one
  bool trial = true;  ///< connect first, and register only if that works
  std::function<void(Result<Connected>)> done;
  /// Called when its turn has come, if given: fills in what the caller leaves as it is by then.
  std::function<void(ConnectCall&)> complete = {};
};

/// What a change makes of the options in force.
using Revise = std::function<Result<DatabaseOptions>(const DatabaseOptions& current)>;

/// Registers, changes and removes databases, one change per database at a time. Lives on the
/// control loop (the first worker); all functions are called there.
class Registrar {
 public:
  struct Dependencies {
    std::vector<base::EventLoop*> loops;
    pool::ConnectorFactory& connectors;
    Observer& observer;
    std::uint64_t seed;
    std::shared_ptr<Budget> budget;
  };
  Registrar(Registry& registry, Dependencies dependencies);
  ~Registrar();

  void connect(ConnectCall call);
  void disconnect(const std::string& db_id, base::Duration patience,
                  std::function<void(Status)> done);
  /// Waits for a connect of that database that is under way.
  void configure(const std::string& db_id, const Revise& revise, std::function<void(Status)> done);
  /// Opens a fresh connection and closes it again, whatever the pool and the breaker say.
  void probe(const std::string& db_id, std::function<void(Result<TrialReport>)> done);
  /// Drains every database, hurries those that are being drained already, gives up every trial, and
  /// calls `done` when nothing is left of any.
  void close(base::Duration patience, std::function<void()> done);

 private:
  /// What to do when a connect of the same database has ended, and how.
  using FollowUp = std::function<void(const ConnectCall& ended, const Result<Connected>& result)>;
  using Waiting = std::vector<FollowUp>;

  using Tried = std::function<void(Result<TrialReport>)>;

  void try_hosts(const Target& target, const DatabaseOptions& options, Tried tried);
  void try_out(const Target& target, const DatabaseOptions& options, Tried tried);
  void tried(const ConnectCall& call, Result<TrialReport> report);
  void settle(const ConnectCall& call, const Result<Connected>& result);
  void connect_after(ConnectCall call, const ConnectCall& ended, const Result<Connected>& result);
  void create(const ConnectCall& call, const TrialReport& report);
  [[nodiscard]] std::vector<base::EventLoop*> homes_for(const DatabaseOptions& options);
  void furnish(Database& database, base::EventLoop& home, std::size_t index, std::uint64_t seed);
  void update(const DatabasePointer& database, const ConnectCall& call, const TrialReport& report);
  void apply(const DatabasePointer& database, const Target& target, const DatabaseOptions& options,
             bool new_connections);
  void drain(const DatabasePointer& database, base::Duration patience, std::function<void()> done);
  [[nodiscard]] std::shared_ptr<BudgetMember> join_budget(base::EventLoop& home,
                                                          const Target& target) const;
  void give_up(const std::shared_ptr<Trial>& trial);
  void finish_close();

  Registry& registry_;
  Dependencies dependencies_;
  base::Random random_;
  std::size_t next_home_ = 0;
  std::map<std::string, Waiting> in_flight_;  // by db_id; those that wait for the trial
  std::map<std::uint64_t, std::shared_ptr<Trial>> trials_;
  std::uint64_t next_trial_ = 1;
  std::vector<DatabasePointer> draining_;
  bool closing_ = false;
  std::vector<std::function<void()>> closed_;  // to be told when nothing is left
};

}  // namespace sluice::manager
