#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "breaker/window.h"
#include "sluice/error.h"
#include "sluice/options.h"

/// The sentences a breaker explains itself with. Pure text: nothing here decides anything.
namespace sluice::breaker {

/// "850 ms", "2.1 s", "4 min"; never less than it is.
[[nodiscard]] std::string in_words(base::Duration span);
/// 0.775 becomes "77.5 %".
[[nodiscard]] std::string percent(double share);

/// What was seen in one window, for the sentences below.
struct Evidence {
  Counts counts;
  std::string failures;     ///< by kind, see Reasons::list
  std::string not_counted;  ///< likewise
};

/// "31 of 40 calls failed in 10 s (77.5 %, limit 50 %): 29 x 57P03 …; not counted: 2 x 42P01"
[[nodiscard]] std::string explain_failures(const Evidence& seen, const BreakerOptions& options);
/// "9 of 10 connects and pings took longer than 1 s in 10 s (90 %, limit 80 %)"
[[nodiscard]] std::string explain_slow(const Evidence& seen, const BreakerOptions& options);
/// "5 connects failed in a row (limit 5): …"
[[nodiscard]] std::string explain_connects(int in_a_row, const Evidence& seen,
                                           const BreakerOptions& options);
/// "2 connects failed in a row, 5 open the breaker; the last: connection refused"
[[nodiscard]] std::string explain_connects_so_far(int in_a_row, const std::string& last,
                                                  const BreakerOptions& options);
/// What the server refuses, and what somebody has to change.
[[nodiscard]] std::string explain_rejection(const Error& error);
/// A closed breaker: "3 of 120 calls failed in 10 s …", "no calls in the last 10 s".
[[nodiscard]] std::string explain_closed(const Evidence& seen, const BreakerOptions& options);

}  // namespace sluice::breaker
