#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.h"
#include "simulation/verdict.h"
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
  /// Lets all happen that is due, unless a promise is broken.
  void settle(base::Random& random, Verdict& verdict);
  /// What is done on the way: `settle` after every move of the clock, `look` before it, which is
  /// told whether it really moves.
  struct Way {
    std::function<void()> settle;
    std::function<void(bool moves)> look;
  };
  /// Moves the clock from timer to timer, unless a promise is broken.
  void advance_to(base::TimePoint moment, const Verdict& verdict, const Way& way);
  /// Moves the clock; nothing runs.
  void set_now(base::TimePoint moment);
  [[nodiscard]] std::optional<base::TimePoint> next_timer() const;

 private:
  std::vector<std::unique_ptr<testing::SimulatedLoop>> loops_;
  base::TimePoint now_;
};

}  // namespace sluice::simulation
