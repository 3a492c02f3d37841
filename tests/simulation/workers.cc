#include "simulation/workers.h"

#include <algorithm>

namespace sluice::simulation {

using testing::SimulatedLoop;

Workers::Workers(int count) {
  for (int i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<SimulatedLoop>(SimulatedLoop::Role::kOneOfSeveral));
  }
  now_ = loops_.front()->now();
}

std::vector<base::EventLoop*> Workers::loops() const {
  std::vector<base::EventLoop*> loops;
  for (const auto& loop : loops_) loops.push_back(loop.get());
  return loops;
}

SimulatedLoop& Workers::loop(int worker) const {
  return *loops_.at(static_cast<std::size_t>(worker));
}

bool Workers::turn(base::Random& random) {
  struct Choice {
    SimulatedLoop* loop;
    bool task;
  };
  std::vector<Choice> choices;
  for (const auto& loop : loops_) {
    if (loop->has_tasks()) choices.push_back({loop.get(), true});
    const auto next = loop->timers().next();
    if (next && *next <= now_) choices.push_back({loop.get(), false});
  }
  if (choices.empty()) return false;
  const auto [loop, task] = choices[random() % choices.size()];
  if (task) {
    loop->run_one_task();
  } else {
    loop->fire_due(now_);
  }
  return true;
}

void Workers::settle(base::Random& random, Verdict& verdict) {
  constexpr int kEndless = 2'000'000;
  int turns = 0;
  while (verdict.ok() && turn(random)) {
    if (++turns == kEndless) verdict.broken("the workers come to rest", "they never do");
  }
}

void Workers::advance_to(base::TimePoint moment, const Verdict& verdict, const Way& way) {
  way.settle();
  while (verdict.ok()) {
    const auto next = next_timer();
    const auto to = next ? std::min(std::max(*next, now_), moment) : moment;
    way.look(to > now_);
    set_now(to);
    if (!next || *next > moment) return;
    way.settle();
  }
}

void Workers::set_now(base::TimePoint moment) {
  now_ = moment;
  for (const auto& loop : loops_) loop->set_now(moment);
}

std::optional<base::TimePoint> Workers::next_timer() const {
  std::optional<base::TimePoint> first;
  for (const auto& loop : loops_) {
    const auto next = loop->timers().next();
    if (next && (!first || *next < *first)) first = next;
  }
  return first;
}

}  // namespace sluice::simulation
