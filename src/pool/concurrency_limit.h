#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/time.h"

namespace sluice::pool {

/// How many connections a database stands being used at once, found by additive increase and
/// multiplicative decrease. Judged once a second. Calls that went well raise the limit by one;
/// signs of overload (the server's 53*, statements that had to be cancelled or hung, pings that
/// take five times as long as usual) lower it by a tenth. Ends of calls that say nothing, and
/// silence, change nothing: a call that was dropped never raises it. Statements' own times are no
/// sign, because they differ for good reasons. Pure: it reads no clock.
class ConcurrencyLimit {
 public:
  static constexpr int kLeast = 2;
  static constexpr int kFewestCalls = 10;           ///< that a share is taken of
  static constexpr double kTolerated = 0.05;        ///< share of signs of overload
  static constexpr std::size_t kRecentSeconds = 3;  ///< whose best ping is held against
  static constexpr std::size_t kUsualSeconds = 30;  ///< … the best ping of these before
  static constexpr int kTimesUsual = 5;
  static constexpr std::chrono::milliseconds kNeverSlow{20};

  enum class Call { kWell, kOverload };

  explicit ConcurrencyLimit(int most);

  /// `most` has changed. One that was not in the way before is not in the way now.
  void configure(int most);
  /// A call ended, or a connect was refused for overload.
  void ended(Call how) { ++(how == Call::kWell ? well_ : overloads_); }
  void answered_ping(base::Duration took);
  /// Once a second; says whether the limit is another now.
  bool judge();

  [[nodiscard]] int limit() const { return limit_; }
  [[nodiscard]] std::int64_t cuts() const { return cuts_; }
  /// The evidence for the last change, in words; empty while there was none.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  [[nodiscard]] std::string slow_pings() const;
  [[nodiscard]] std::string overloads() const;
  bool cut(std::string reason);
  bool raise();
  void next_second(bool slow);

  int most_;
  int limit_;
  std::int64_t cuts_ = 0;
  std::string reason_;
  std::string cut_reason_;
  std::int64_t well_ = 0;
  std::int64_t overloads_ = 0;
  int seconds_ = 0;  // since calls were last judged

  static constexpr auto kNone = base::Duration::max();
  std::array<base::Duration, kRecentSeconds> recent_;  // the best of each; first the running one
  std::array<base::Duration, kUsualSeconds> usual_;    // those before, without what was slow
  std::size_t oldest_ = 0;                             // in usual_
};

}  // namespace sluice::pool
