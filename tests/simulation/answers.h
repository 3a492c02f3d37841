#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/time.h"
#include "simulation/verdict.h"

namespace sluice::simulation {

/// Everything that was asked for: each must be answered exactly once, and by its time.
class Answers {
 public:
  using Ticket = std::size_t;
  static constexpr base::TimePoint kSomeday = base::TimePoint::max();

  explicit Answers(Verdict& verdict) : verdict_(verdict) {}

  [[nodiscard]] Ticket expect(std::string what, base::TimePoint by) {
    expected_.push_back({std::move(what), by});
    open_.push_back(expected_.size() - 1);
    return expected_.size() - 1;
  }

  void came(Ticket ticket, base::TimePoint now) {
    Expected& expected = expected_[ticket];
    if (expected.answered) {
      verdict_.broken("everything is answered exactly once", expected.what + " was answered twice");
    }
    if (now > expected.by) {
      verdict_.broken("everything is answered in time",
                      expected.what + " was answered " + late(now - expected.by));
    }
    expected.answered = true;
    std::erase(open_, ticket);
  }

  /// Before the clock moves on from `now`.
  void check(base::TimePoint now) {
    for (const Ticket ticket : open_) {
      const Expected& expected = expected_[ticket];
      if (now <= expected.by) continue;
      verdict_.broken("everything is answered in time",
                      expected.what + " was not answered " + late(now - expected.by));
    }
  }

  void require_none_open(const char* when) {
    for (const Ticket ticket : open_) {
      verdict_.broken("everything is answered exactly once",
                      expected_[ticket].what + " was never answered, " + when);
    }
  }

  [[nodiscard]] bool open(Ticket ticket) const { return !expected_[ticket].answered; }

 private:
  struct Expected {
    std::string what;
    base::TimePoint by;
    bool answered = false;
  };

  static std::string late(base::Duration by) {
    const auto ms = std::chrono::duration<double, std::milli>(by).count();
    return std::to_string(ms) + " ms after its time";
  }

  Verdict& verdict_;
  std::vector<Expected> expected_;
  std::vector<Ticket> open_;
};

}  // namespace sluice::simulation
