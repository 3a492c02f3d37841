#include "gateway/outcomes.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

namespace sluice::gateway {
namespace {

template <std::size_t Size>
bool one_of(std::string_view key, const std::array<std::string_view, Size>& list) {
  return std::ranges::find(list, key) != list.end();
}

template <std::size_t Size>
bool begins_with_one_of(std::string_view key, const std::array<std::string_view, Size>& list) {
  return std::ranges::any_of(list,
                             [key](std::string_view begin) { return key.starts_with(begin); });
}

/// The counter for an SQLSTATE, or for the word of an ErrorCode where there is none.
std::int64_t& counter_of(std::string_view key, Outcomes& outcomes) {
  constexpr std::array<std::string_view, 4> kTimeouts{"57014", "query_timeout", "acquire_timeout",
                                                      "connect_timeout"};
  constexpr std::array<std::string_view, 4> kRejections{"breaker_open", "queue_full", "paused",
                                                        "draining"};
  constexpr std::array<std::string_view, 3> kFailures{"database_unavailable", "connection_rejected",
                                                      "internal"};
  // Classes of the server's own trouble: connection, resources, operator, system, internal.
  constexpr std::array<std::string_view, 6> kSickClasses{"08", "53", "57P", "58", "F0", "XX"};
  if (one_of(key, kTimeouts)) return outcomes.timeout;
  if (one_of(key, kRejections)) return outcomes.rejected;
  if (one_of(key, kFailures) || begins_with_one_of(key, kSickClasses)) return outcomes.failed;
  return outcomes.bad_request;
}

void sort_in(const std::map<std::string, std::int64_t>& counts, Outcomes& outcomes) {
  for (const auto& [key, count] : counts) counter_of(key, outcomes) += count;
}

}  // namespace

Outcomes outcomes_of(const DatabaseStats& stats) {
  Outcomes outcomes;
  outcomes.ok = stats.queries - stats.errors;
  sort_in(stats.refused, outcomes);
  sort_in(stats.errors_by_sqlstate, outcomes);
  return outcomes;
}

Outcomes operator-(const Outcomes& now, const Outcomes& before) {
  const auto grown = [](std::int64_t a, std::int64_t b) {
    return std::max<std::int64_t>(a - b, 0);
  };
  return {grown(now.ok, before.ok), grown(now.failed, before.failed),
          grown(now.timeout, before.timeout), grown(now.rejected, before.rejected),
          grown(now.bad_request, before.bad_request)};
}

}  // namespace sluice::gateway
