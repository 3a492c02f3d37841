#include "gateway/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongWait{500};
constexpr double kManyFailures = 0.05;  // of the calls that reached, or should have reached, it
constexpr double kFewFailures = 0.5;    // a second: fewer are somebody trying things
constexpr std::size_t kLongestReason = 140;
constexpr std::size_t kMostNamed = 3;

/// "2 m 10 s": the two largest units.
std::string in_words(milliseconds span) {
  const auto seconds = span.count() / 1'000;
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 3'600) return fmt::format("{} m {} s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{} h {} m", seconds / 3'600, seconds % 3'600 / 60);
  return fmt::format("{} d {} h", seconds / 86'400, seconds % 86'400 / 3'600);
}

/// Up to the first of these marks.
std::string_view until(std::string_view text, std::initializer_list<std::string_view> marks) {
  for (const std::string_view mark : marks) text = text.substr(0, text.find(mark));
  return text;
}

/// The heart of an explanation: the last error it names, without what everybody can see anyway,
/// else what was seen.
std::string_view in_short(std::string_view explanation) {
  constexpr std::string_view kLast = "last: ";
  std::string_view part = until(explanation, {"; "});
  if (const auto last = explanation.find(kLast); last != std::string_view::npos) {
    part = until(explanation.substr(last + kLast.size()), {". ", "; ", ")"});
    if (part.starts_with("cannot connect to ") && part.find(": ") != std::string_view::npos) {
      part.remove_prefix(part.find(": ") + 2);
    }
  }
  return part.size() <= kLongestReason ? part : std::string_view();
}

std::string with_reason(std::string words, std::string_view reason) {
  if (!reason.empty()) words.append(" (").append(reason).append(")");
  return words;
}

Attention of_breaker(const BreakerStatus& breaker) {
  const auto span = in_words(breaker.in_state_for);
  switch (breaker.state) {
    case BreakerState::kOpen:
      return {Level::kBad, with_reason("circuit open for " + span, in_short(breaker.explanation))};
    case BreakerState::kForcedOpen:
      return {Level::kWarning,
              with_reason("circuit held open by an operator for " + span, breaker.reason)};
    case BreakerState::kHalfOpen:
      return {Level::kWarning, "circuit half-open, trial calls decide"};
    case BreakerState::kClosed:
    case BreakerState::kForcedClosed:
    case BreakerState::kObserveOnly:
      return {};
  }
  return {};
}

/// Nothing can be sent, whatever the breaker has made of it so far.
Attention of_connects(const DatabaseStats& stats) {
  const int open = stats.pool.idle + stats.pool.used + stats.pool.cleaning;
  if (stats.breaker.connect_failures == 0) return {};
  const auto words = open > 0 ? "new connections cannot be opened" : "it cannot be connected to";
  return {open > 0 ? Level::kWarning : Level::kBad,
          with_reason(words, in_short(stats.breaker.explanation))};
}

Attention of_traffic(const Point& recent) {
  const double bad = recent.failed + recent.timeout;
  const double all = bad + recent.ok;
  if (bad < kFewFailures || bad < all * kManyFailures) return {};
  return {Level::kWarning, fmt::format("{:.0f} % of calls fail", 100 * bad / all)};
}

Attention of_hosts(const std::vector<HostStats>& hosts) {
  bool has_primary = hosts.empty();
  Attention worst;
  for (const HostStats& host : hosts) {
    has_primary |= host.role == HostRole::kPrimary;
    if (!host.up) worst = {Level::kWarning, host.host + " is down"};
  }
  for (const HostStats& host : hosts) {
    if (host.role == HostRole::kConflict)
      worst = {Level::kBad, host.host + " takes writes, but is not the primary any more"};
  }
  return has_primary ? worst : Attention{Level::kBad, "none of its hosts takes writes"};
}

std::string plural(std::size_t count) {
  return count == 1 ? "1 database" : fmt::format("{} databases", count);
}

std::string good_news(std::size_t count) {
  if (count == 0) return "No database is connected yet";
  return count == 1 ? "The database is healthy" : fmt::format("All {} databases healthy", count);
}

std::string bad_news(const std::vector<Concern>& concerns, std::size_t all) {
  const std::size_t count = concerns.size();
  std::string text =
      fmt::format("{} of {} need{} attention: ", count, plural(all), count == 1 ? "s" : "");
  for (std::size_t i = 0; i < std::min(count, kMostNamed); ++i) {
    text.append(i == 0 ? "" : "; ").append(concerns[i].db_id).append(": ");
    text.append(concerns[i].attention->words);
  }
  if (count > kMostNamed) text += fmt::format("; and {} more", count - kMostNamed);
  return text;
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::kGood:
      return "good";
    case Level::kWarning:
      return "warning";
    case Level::kBad:
      return "bad";
  }
  return "bad";
}

Attention attention_for(const DatabaseStats& stats, const Point& recent) {
  if (stats.state != DatabaseState::kActive) {
    return {Level::kWarning, std::string(to_string(stats.state))};
  }
  if (auto attention = of_breaker(stats.breaker); attention.level != Level::kGood) return attention;
  if (auto attention = of_hosts(stats.hosts); attention.level != Level::kGood) return attention;
  if (auto attention = of_connects(stats); attention.level != Level::kGood) return attention;
  if (stats.pool.waiting > 0 && stats.pool.oldest_wait >= kLongWait) {
    return {Level::kWarning,
            fmt::format("{} waiting for a connection, the first for {:.1f} s{}", stats.pool.waiting,
                        static_cast<double>(stats.pool.oldest_wait.count()) / 1000,
                        stats.pool.withheld ? " (pools.max_connections allows no more)" : "")};
  }
  return of_traffic(recent);
}

Verdict verdict_over(std::vector<Concern> databases, bool draining) {
  const std::size_t all = databases.size();
  std::erase_if(databases, [](const Concern& c) { return c.attention->level == Level::kGood; });
  std::ranges::stable_sort(databases, [](const Concern& a, const Concern& b) {
    return a.attention->level > b.attention->level;
  });
  Verdict verdict{Level::kGood, good_news(all), databases.size()};
  if (!databases.empty()) {
    verdict.level = databases.front().attention->level;
    verdict.text = bad_news(databases, all);
  }
  if (draining) {
    verdict.level = std::max(verdict.level, Level::kWarning);
    verdict.text = "Shutting down: what runs is finished, nothing new is taken. " + verdict.text;
  }
  return verdict;
}

}  // namespace sluice::gateway
