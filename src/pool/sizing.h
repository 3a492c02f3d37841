#pragma once

#include <cstdint>
#include <string>

namespace sluice::pool {

/// Finds the number of connections with which a database serves most calls a second, by hill
/// climbing. It is told once a second what was served, and tries other sizes only while callers
/// wait, for only then what is served is what the database can do. More connections must bring 5 %
/// to be kept; fewer are kept when they are as good, within 2 %. When neither more nor fewer are
/// better it rests, longer each time, so that it does not swing around the best size; a throughput
/// that changes by a third ends the rest. While too little is served to measure anything (long
/// statements), it grows, as long as callers wait. Pure: it reads no clock.
class Sizing {
 public:
  static constexpr int kLeast = 2;  ///< so that one long statement does not stop everybody
  static constexpr int kFirst = 4;
  static constexpr double kMoreMustBring = 1.05;
  static constexpr double kFewerMayCost = 0.98;
  static constexpr int kSeconds = 3;        ///< that are measured, after one that is not
  static constexpr int kFewestServed = 50;  ///< in them, or else nothing is concluded
  static constexpr int kFirstRest = 5;      ///< seconds; doubles
  static constexpr int kLongestRest = 60;
  static constexpr double kOtherWork = 0.33;  ///< change of the throughput that ends a rest

  /// What happened within a second.
  struct Second {
    std::int64_t served = 0;  ///< connections that came back
    std::int64_t waited = 0;  ///< callers that were lent one after a wait
    int waiting = 0;          ///< callers in the queue at its end
  };

  explicit Sizing(int most);

  void configure(int most);
  /// Says whether the size is another now.
  bool observe(const Second& second);

  /// How many connections to use now.
  [[nodiscard]] int size() const { return size_; }
  /// The best size so far; `size` may be a trial.
  [[nodiscard]] int best() const { return best_; }
  /// Why that one, in words; empty at first.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  enum class Phase { kMeasuring, kTrying, kResting };

  void relax();
  void conclude(double rate);
  void judge_trial(double rate);
  void rest(double rate);
  void accept(double rate);
  void reject();
  void try_next();
  void grow();
  void use(int size);
  [[nodiscard]] int least() const;

  int most_;
  int size_;
  int best_;
  std::string reason_;
  Phase phase_ = Phase::kMeasuring;
  int direction_ = 1;
  int step_ = 1;
  int failed_ = 0;        // directions in a row that led to nothing
  double best_rate_ = 0;  // calls a second with the best size; 0: not measured
  int rest_for_ = kFirstRest;
  int rest_left_ = 0;

  bool settling_ = true;  // the first second of a size
  int seconds_ = 0;       // measured
  std::int64_t served_ = 0;
};

}  // namespace sluice::pool
