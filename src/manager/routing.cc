#include "manager/routing.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sluice::manager {
namespace {

/// Nearer than that no host is: a round trip of zero would make every load look alike.
constexpr std::chrono::microseconds kNearest{50};

std::string milliseconds(base::Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

}  // namespace

Routing::Choice Routing::choose(const Wish& wish, base::Random& random) const {
  if (view_.asleep) return {std::nullopt, true};
  if (wish.route != Route::kPrimary) {
    const auto hosts = readable(wish);
    if (!hosts.empty()) return {better_of_two(hosts, random), false};
    if (wish.route == Route::kReplica) return {std::nullopt, !view_.complete()};
  }
  const auto host = primary(wish);
  return {host, !host};
}

bool Routing::avoided(std::size_t host, const Wish& wish) const {
  return wish.avoid == host && view_.hosts[host].seen_at <= wish.avoid_since;
}

std::optional<std::size_t> Routing::primary(const Wish& wish) const {
  if (view_.primary && avoided(*view_.primary, wish)) return std::nullopt;
  return view_.primary;
}

std::vector<std::size_t> Routing::readable(const Wish& wish) const {
  std::vector<std::size_t> hosts;
  for (std::size_t i = 0; i < view_.hosts.size(); ++i) {
    const bool is_primary = view_.primary == i && wish.route == Route::kAny;
    const bool fits = is_primary ? view_.hosts[i].known && !load_(i).refusing : unfit(i).empty();
    if (fits && !avoided(i, wish)) hosts.push_back(i);
  }
  return hosts;
}

std::string Routing::unfit(std::size_t host) const {
  const HostView& view = view_.hosts[host];
  const auto limit = options_.max_lag;
  if (!view.seen) return "was not looked at yet";
  if (!view.up) return "is down (" + view.problem + ")";
  if (!view.known) return "did not answer when last looked at (" + view.problem + ")";
  if (view.role != HostRole::kReplica) return "is no replica";
  if (load_(host).refusing) return "is held back by its circuit breaker";
  if (limit.count() == 0 || !view.tells_lag) return {};
  if (!view.lag) return "does not let us know how far behind it is";
  if (*view.lag <= limit) return {};
  return "is up to " + milliseconds(*view.lag) + " behind (routing.max_lag_ms is " +
         std::to_string(limit.count()) + ")";
}

/// Two at random, and of these the cheaper: close to the best, and no herd runs to one host.
std::size_t Routing::better_of_two(const std::vector<std::size_t>& hosts,
                                   base::Random& random) const {
  if (hosts.size() == 1) return hosts.front();
  const std::size_t first = random() % hosts.size();
  const std::size_t second = (first + 1 + random() % (hosts.size() - 1)) % hosts.size();
  return cost(hosts[first]) <= cost(hosts[second]) ? hosts[first] : hosts[second];
}

double Routing::cost(std::size_t host) const {
  const auto round_trip = std::max<base::Duration>(view_.hosts[host].round_trip, kNearest);
  return static_cast<double>(load_(host).calls + 1) * static_cast<double>(round_trip.count());
}

std::string Routing::explain(const Wish& wish) const {
  if (wish.route != Route::kReplica) return "no host takes writes: " + view_.in_words();
  std::string text;
  for (std::size_t i = 0; i < view_.hosts.size(); ++i) {
    const std::string why = unfit(i);
    text += (text.empty() ? "" : ", ") + view_.hosts[i].name + " " +
            (why.empty() ? "has just failed" : why);
  }
  return "no replica may be read: " + text;
}

}  // namespace sluice::manager
