#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/timer.h"
#include "pool/client_table.h"
#include "pool/lease.h"
#include "sluice/result.h"

namespace sluice::pool {

/// Identifies a waiting caller. Never 0, and never that of an earlier caller again.
using WaiterId = std::uint64_t;

/// A caller that waits for a connection.
struct Waiter {
  using Acquired = std::function<void(Result<Lease>)>;

  Acquired acquired;
  base::TimePoint since;
  const Errand* errand = nullptr;  ///< what for, if it may share a connection
  Client* client = nullptr;
};

/// A caller's place in the queue.
struct WaiterNode {
  WaiterNode(base::TimerQueue& timers, std::function<void(const WaiterNode&)> late,
             std::uint32_t own_place)
      : timer(timers, [this, told = std::move(late)] { told(*this); }), place(own_place) {}

  Waiter waiter;
  base::Timer timer;
  const std::uint32_t place;     ///< among all nodes
  std::uint32_t generation = 1;  ///< tells a waiter from its successor in the same node
  std::uint64_t ticket = 0;      ///< 0: not in the queue
  WaiterNode* before = nullptr;  ///< among the callers of its client
  WaiterNode* after = nullptr;
};

/// The callers that wait for a connection: clients take turns, and the callers of one client are
/// served first come, first served. With one client that is a plain queue. Nodes are kept and used
/// again with their timers, so that a steady flow of waiters allocates nothing. Everything is O(1)
/// unless it says otherwise, apart from the timers' O(log n).
class WaiterQueue {
 public:
  /// `on_deadline` is told of a waiter whose deadline has come; it is still in the queue then.
  WaiterQueue(base::TimerQueue& timers, std::function<void(WaiterId)> on_deadline);
  WaiterQueue(const WaiterQueue&) = delete;
  WaiterQueue& operator=(const WaiterQueue&) = delete;

  WaiterId push(Waiter waiter, base::Deadline deadline);
  /// Takes the next one. The queue must not be empty.
  [[nodiscard]] Waiter pop();
  /// Takes that one; empty when it has left already.
  [[nodiscard]] std::optional<Waiter> remove(WaiterId id);
  /// Takes one that came up to this ticket; empty when there is none. O(clients).
  [[nodiscard]] std::optional<Waiter> pop_up_to(std::uint64_t ticket);
  /// Takes one that came before that moment; empty when there is none. O(clients).
  [[nodiscard]] std::optional<Waiter> pop_from_before(base::TimePoint moment);
  /// Takes the newest caller of the client that has the most, if that has more than `fair`; empty
  /// otherwise. O(clients).
  [[nodiscard]] std::optional<Waiter> pop_of_longest(int fair);

  /// Lets the turn go to the next client that has less than `most` connections, if there is one;
  /// to no greedy one if they are left out. False: all who wait are. O(clients that have as many).
  bool give_turn(int most, bool leave_out_greedy);
  /// From now on the newest of a client's callers comes first.
  void newest_first(bool reversed) { newest_first_ = reversed; }

  [[nodiscard]] bool contains(WaiterId id) const { return find(id) != nullptr; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] int size() const { return size_; }
  /// Clients with callers in the queue.
  [[nodiscard]] int clients() const { return clients_; }
  /// How many of those that wait come before a new caller of this client, at most.
  [[nodiscard]] int ahead_of(const Client& client) const;
  /// What the next one wants a connection for. The queue must not be empty.
  [[nodiscard]] const Errand* first_errand() const;
  /// When the first one came. The queue must not be empty. O(clients).
  [[nodiscard]] base::TimePoint oldest_since() const;
  /// Tickets count arrivals, so that a caller can tell who was there already.
  [[nodiscard]] std::uint64_t last_ticket() const { return next_ticket_ - 1; }

 private:
  using Node = WaiterNode;

  static WaiterId id_of(const Node& node);
  [[nodiscard]] const Node* find(WaiterId id) const;
  [[nodiscard]] Node& next_of(Client& client) const;
  Node& unused_node();
  Waiter take(Node& node);
  void enter_ring(Client& client);
  void leave_ring(Client& client);
  /// Takes the first caller of the first client for which this holds.
  template <typename Predicate>
  std::optional<Waiter> pop_if(Predicate holds);

  base::TimerQueue& timers_;
  const std::function<void(WaiterId)> on_deadline_;
  std::deque<Node> nodes_;
  std::vector<Node*> unused_;
  Client* turn_ = nullptr;  // whose it is, in the ring
  int clients_ = 0;
  int size_ = 0;
  bool newest_first_ = false;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace sluice::pool
