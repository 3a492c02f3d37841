#pragma once

#include <algorithm>

#include "base/time.h"
#include "pool/client_table.h"

namespace sluice::pool {

/// Whether some clients ask for so much that others, who ask for little, would have to wait at
/// every call. Judged once a second. What a client needs is twice what it used, as calls do not
/// come evenly, but no more than it wanted at once. When all of them together need more than there
/// is, those who need less than their part of it (max-min fairness) are modest, and the others
/// greedy: together they leave free what the modest ones need, at most half. So no more lies idle
/// for modest clients than they use, rounded up. Pure: it reads no clock.
class FairShares {
 public:
  /// A pool of fewer keeps none free for clients that hardly use one.
  static constexpr int kLarge = 8;

  explicit FairShares(base::TimePoint now) : judged_at_(now) {}

  /// A client had a connection from then on.
  void used(Client& client, base::TimePoint since, base::TimePoint now) const {
    client.taken += now - std::max(since, judged_at_);
  }
  /// Marks those who are greedy, and counts what they have.
  void judge(ClientTable& clients, int connections, base::TimePoint now);
  /// Nobody is greedy until it is judged again.
  void forget() { kept_ = 0; }

  void lent(const Client& client) { greedy_have_ += client.greedy ? 1 : 0; }
  void given_back(const Client& client) { greedy_have_ -= client.greedy ? 1 : 0; }

  /// How many connections are kept free of greedy clients.
  [[nodiscard]] int kept() const { return kept_; }
  /// Whether greedy clients have as many of these connections as they may.
  [[nodiscard]] bool greedy_have_enough(int connections) const {
    return kept_ > 0 && greedy_have_ >= std::max(1, connections - kept_);
  }

 private:
  base::TimePoint judged_at_;
  int kept_ = 0;
  int greedy_have_ = 0;
};

}  // namespace sluice::pool
