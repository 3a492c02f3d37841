#include "simulation/cluster_calls.h"

namespace sluice::simulation {

void ClusterCalls::made(const Order& order) {
  Call& call = calls_[order.statement];
  call.order = order;
  call.ticket = answers_.expect(order.statement + " at " + order.where, order.deadline);
}

Route ClusterCalls::route_of(const std::string& statement) const {
  return calls_.at(statement).order.route;
}

void ClusterCalls::executed(const std::string& write, bool by_the_primary) {
  Call& call = calls_.at(write);
  if (++call.executed > 1) {
    verdict_.broken("no write is executed twice", write + " was executed twice");
  }
  call.by_the_primary = by_the_primary;
  check_outcome(call, "later");
}

void ClusterCalls::answered(const std::string& statement, const Result<Completion>& result,
                            base::TimePoint now) {
  Call& call = calls_.at(statement);
  answers_.came(call.ticket, now);
  call.acknowledged = result.has_value();
  if (!result) call.outcome = result.error().outcome;
  if (result && statement.starts_with('w') && call.executed != 1) {
    verdict_.broken("what is acknowledged was done", statement + " was not executed");
  }
  check_outcome(call, "before");
  if (!result && result.error().code == ErrorCode::kInternal) {
    verdict_.broken("every error is true", statement + ": " + result.error().message);
  }
  count(call, result);
}

void ClusterCalls::check_outcome(const Call& call, const char* when) {
  const bool undone = call.outcome && call.outcome != Outcome::kUnknown;
  if (!undone || call.executed == 0) return;
  verdict_.broken("an outcome is true", call.order.statement + " ended as " +
                                            std::string(to_string(*call.outcome)) +
                                            ", but took effect " + when);
}

void ClusterCalls::count(const Call& call, const Result<Completion>& result) {
  const bool write = call.order.statement.starts_with('w');
  if (result) {
    ++met_.succeeded;
    ++(write ? met_.acknowledged : met_.replica_reads);
    return;
  }
  met_.fail(result.error().code);
  if (result.error().message.find("waited") != std::string::npos) ++met_.waited;
}

/// What an old primary did that the gateway could not know of yet is lost, and nobody's fault.
void ClusterCalls::require_kept(const Cluster& cluster, const std::string& where) {
  for (const auto& [statement, call] : calls_) {
    if (call.order.where == where && call.executed > 0 && !call.acknowledged) ++met_.lost_answers;
    const bool counts = call.acknowledged && call.by_the_primary && call.order.where == where;
    if (!counts || cluster.keeps(statement)) continue;
    verdict_.broken("no acknowledged write is lost", statement + " at " + where + " is");
  }
}

}  // namespace sluice::simulation
