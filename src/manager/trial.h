#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "base/random.h"
#include "manager/budget.h"
#include "pool/pool.h"
#include "sluice/options.h"
#include "sluice/result.h"
#include "sluice/target.h"

namespace sluice::manager {

/// What a trial connect found.
struct TrialReport {
  std::string server_version;
  std::chrono::microseconds latency{0};
};

/// Tries a target before it is registered: a pool of one connection, which runs `SELECT 1` and is
/// closed. Lives on the loop's thread; destroyed there, after `finished`.
class Trial final : public pool::PoolListener {
 public:
  struct Request {
    Target target;
    DatabaseOptions options;
    std::uint64_t seed = 0;
    std::shared_ptr<BudgetMember> budget = nullptr;
  };
  Trial(base::EventLoop& loop, pool::ConnectorFactory& connectors, const Request& request);
  ~Trial() override;

  /// `tried` comes first, with the answer; `finished` when the connection is closed again.
  void run(std::function<void(Result<TrialReport>)> tried, std::function<void()> finished);
  /// Fails now, for this reason, if it has not ended yet.
  void give_up(const Error& why);
  [[nodiscard]] base::EventLoop& loop() const { return loop_; }

  void on_connect(base::Duration took, const Error* error) override;
  void on_ping(base::Duration, const Error*) override {}
  void on_event(PoolEvent, std::string_view) override {}

 private:
  void on_probed(const Status& probed);
  void end(Result<TrialReport> report);

  base::EventLoop& loop_;
  base::Random random_;
  DatabaseOptions options_;
  std::optional<Error> given_up_;
  std::chrono::microseconds latency_{0};
  std::function<void(Result<TrialReport>)> tried_;
  std::function<void()> finished_;
  const std::shared_ptr<BudgetMember> budget_;
  std::unique_ptr<pool::Pool> pool_;
};

}  // namespace sluice::manager
