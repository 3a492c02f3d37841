#pragma once

#include <chrono>

#include "base/time.h"

namespace sluice::pool {

/// Decides when waiting has become the rule (CoDel, as Facebook's folly has it): when for a whole
/// interval nobody was served sooner than the target. A burst that drains in between is no
/// overload, however long it makes somebody wait. Pure: it reads no clock.
class Codel {
 public:
  static constexpr std::chrono::milliseconds kInterval{100};
  static constexpr std::chrono::milliseconds kLeastTarget{5};

  /// A connection was taken for so long by its user.
  void served(base::Duration taken);
  /// Somebody was lent a connection after that wait.
  void waited(base::Duration wait, base::TimePoint now);
  /// Nobody waits.
  void rest();

  [[nodiscard]] bool overloaded() const { return overloaded_; }
  /// max(5 ms, the median time for which a connection is taken).
  [[nodiscard]] base::Duration target() const;
  /// Who has waited longer is refused while it is overloaded.
  [[nodiscard]] base::Duration patience() const { return 2 * target(); }

 private:
  double median_ = 0;  // estimated, in ticks of base::Duration; 0: nothing seen
  bool overloaded_ = false;
  bool measuring_ = false;
  base::Duration shortest_{};  // of the interval
  base::TimePoint ends_{};     // of the interval
};

}  // namespace sluice::pool
