#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "app/bench/report.h"
#include "app/client/gateway.h"

namespace sluice::app::bench {

/// Looks at the pool a few times a second, on a connection of its own.
class PoolWatch {
 public:
  PoolWatch(std::unique_ptr<client::Gateway> gateway, std::string db_id)
      : gateway_(std::move(gateway)), db_id_(std::move(db_id)) {}

  /// Looks, if it is time.
  void look();
  [[nodiscard]] const PoolPeak& peak() const { return peak_; }

 private:
  std::unique_ptr<client::Gateway> gateway_;
  std::string db_id_;
  PoolPeak peak_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace sluice::app::bench
