#include "breaker/explanation.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "breaker/reasons.h"

namespace sluice::breaker {
namespace {

using std::chrono::milliseconds;

// At most one digit after the point, and none that is 0.
std::string one_digit(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::fixed, 1)
                       .ptr;
  std::string text(buffer.data(), end);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string with_details(std::string text, const Evidence& seen) {
  if (!seen.failures.empty()) text += ": " + seen.failures;
  if (!seen.not_counted.empty()) text += "; not counted: " + seen.not_counted;
  return text;
}

std::string failed_of_all(const Counts& counts, const BreakerOptions& options) {
  return std::to_string(counts.failures) + " of " + std::to_string(counts.calls) +
         " calls failed in " + in_words(options.window) + " (" +
         percent(share(counts.failures, counts.calls)) + ", limit " +
         percent(options.failure_rate) + ")";
}

std::string_view remedy(std::string_view sqlstate) {
  if (sqlstate == "28P01") return "register the database again with the right user and password";
  if (sqlstate == "3D000") return "create the database, or register the one that is meant";
  if (sqlstate == "57P04") return "it was dropped: create it again, or disconnect it here";
  if (sqlstate.starts_with("28")) {
    return "check the user, its password, the sslmode and the server's pg_hba.conf";
  }
  return "correct the connection's settings and register the database again";
}

}  // namespace

std::string in_words(base::Duration span) {
  const auto ms = std::chrono::ceil<milliseconds>(span).count();
  if (ms < 1'000) return std::to_string(std::max<std::int64_t>(ms, 0)) + " ms";
  if (ms < 120'000) return one_digit(static_cast<double>((ms + 99) / 100) / 10) + " s";
  return one_digit(static_cast<double>((ms + 5'999) / 6'000) / 10) + " min";
}

std::string percent(double value) { return one_digit(value * 100) + " %"; }

std::string explain_failures(const Evidence& seen, const BreakerOptions& options) {
  return with_details(failed_of_all(seen.counts, options), seen);
}

std::string explain_slow(const Evidence& seen, const BreakerOptions& options) {
  const Counts& counts = seen.counts;
  return std::to_string(counts.slow) + " of " + std::to_string(counts.timed) +
         " connects and pings took longer than " + in_words(options.slow) + " in " +
         in_words(options.window) + " (" + percent(share(counts.slow, counts.timed)) + ", limit " +
         percent(options.slow_rate) + ")";
}

std::string explain_connects(int in_a_row, const Evidence& seen, const BreakerOptions& options) {
  return with_details(std::to_string(in_a_row) + " connects failed in a row (limit " +
                          std::to_string(options.consecutive_connect_failures) + ")",
                      seen);
}

std::string explain_connects_so_far(int in_a_row, const std::string& last,
                                    const BreakerOptions& options) {
  const std::string count = in_a_row == 1 ? "1 connect" : std::to_string(in_a_row) + " connects";
  return count + " failed in a row (" + std::to_string(options.consecutive_connect_failures) +
         " open the breaker), the last: " + last;
}

std::string explain_rejection(const Error& error) {
  return "the server refuses every connection (" + in_words(error) +
         ") until somebody acts: " + std::string(remedy(error.sqlstate()));
}

std::string explain_closed(const Evidence& seen, const BreakerOptions& options) {
  if (seen.counts.calls == 0) {
    return with_details("no calls counted in the last " + in_words(options.window), seen);
  }
  if (seen.counts.failures == 0) {
    return with_details("none of " + std::to_string(seen.counts.calls) + " calls failed in " +
                            in_words(options.window),
                        seen);
  }
  std::string text = explain_failures(seen, options);
  if (seen.counts.calls < options.minimum_calls) {
    text += "; judged from " + std::to_string(options.minimum_calls) + " calls on";
  }
  return text;
}

}  // namespace sluice::breaker
