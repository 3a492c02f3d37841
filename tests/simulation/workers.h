#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "support/simulated_loop.h"

namespace sluice::simulation {

/// Several simulated loops under one clock. They take turns in an order that is drawn, one task at
/// a time: any order in which threads might run, on one thread, and the same again with the same
/// draw.
class Workers {
 public:
  explicit Workers(int count);

  [[nodiscard]] std::vector<base::EventLoop*> loops() const;
  [[nodiscard]] testing::SimulatedLoop& loop(int worker) const;
  [[nodiscard]] base::TimePoint now() const { return now_; }

  /// One of those that have something to do does one thing. False when none has.
  bool turn(base::Random& random);
  /// Moves the clock; nothing runs.
  void set_now(base::TimePoint moment);
  [[nodiscard]] std::optional<base::TimePoint> next_timer() const;

 private:
  std::vector<std::unique_ptr<testing::SimulatedLoop>> loops_;
  base::TimePoint now_;
};

}  // namespace sluice::simulation
