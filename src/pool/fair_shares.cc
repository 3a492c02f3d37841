#include "pool/fair_shares.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace sluice::pool {
namespace {

constexpr double kTimesUsed = 2;

struct Need {
  Client* client;
  double connections;
};

/// What each of them needs, the least first; the next second is counted from now on.
std::vector<Need> needs_of(ClientTable& clients, base::Duration span) {
  using Seconds = std::chrono::duration<double>;
  std::vector<Need> needs;
  clients.for_each([&](Client& client) {
    const double used = Seconds(client.taken) / Seconds(span);
    const double need = std::min<double>(client.most, kTimesUsed * used);
    if (need > 0) needs.push_back({&client, need});
    client.taken = {};
    client.most = client.lent + client.waiting;
    client.greedy = false;
  });
  std::ranges::sort(needs, {}, &Need::connections);
  return needs;
}

double sum_of(const std::vector<Need>& needs) {
  double sum = 0;
  for (const Need& need : needs) sum += need.connections;
  return sum;
}

}  // namespace

void FairShares::judge(ClientTable& clients, int connections, base::TimePoint now) {
  const auto needs = needs_of(clients, now - judged_at_);
  judged_at_ = now;
  kept_ = greedy_have_ = 0;
  if (needs.size() < 2 || sum_of(needs) <= connections) return;
  double left = connections;
  auto clients_left = static_cast<double>(needs.size());
  auto need = needs.begin();
  for (; need != needs.end() && need->connections * clients_left <= left; ++need, --clients_left) {
    left -= need->connections;
  }
  const double modest = connections - left;
  const double whole = connections >= kLarge ? std::ceil(modest) : std::round(modest);
  kept_ = std::min(static_cast<int>(whole), connections / 2);
  for (; need != needs.end(); ++need) {
    need->client->greedy = true;
    greedy_have_ += need->client->lent;
  }
}

}  // namespace sluice::pool
