#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "base/time.h"
#include "base/timer.h"
#include "pool/lease.h"
#include "sluice/result.h"

namespace sluice::pool {

/// Identifies a waiting caller. Never 0, and never that of an earlier caller again.
using WaiterId = std::uint64_t;

/// The callers that wait for a connection, first come, first served. Nodes are kept and used again
/// with their timers, so that a steady flow of waiters allocates nothing. Everything is O(1), apart
/// from the timers' O(log n).
class WaiterQueue {
 public:
  using Acquired = std::function<void(Result<Lease>)>;

  struct Waiter {
    Acquired acquired;
    base::TimePoint since;
    const Errand* errand = nullptr;  ///< what for, if it may share a connection
  };

  /// `on_deadline` is told of a waiter whose deadline has come; it is still in the queue then.
  WaiterQueue(base::TimerQueue& timers, std::function<void(WaiterId)> on_deadline);
  WaiterQueue(const WaiterQueue&) = delete;
  WaiterQueue& operator=(const WaiterQueue&) = delete;

  WaiterId push(Waiter waiter, base::Deadline deadline);
  /// Takes the first one. The queue must not be empty.
  [[nodiscard]] Waiter pop();
  /// Takes that one; empty when it has left already.
  [[nodiscard]] std::optional<Waiter> remove(WaiterId id);

  [[nodiscard]] bool contains(WaiterId id) const { return find(id) != nullptr; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] int size() const { return size_; }
  /// What the first one wants a connection for. The queue must not be empty.
  [[nodiscard]] const Errand* first_errand() const { return first_->waiter.errand; }
  /// When the first one came. The queue must not be empty.
  [[nodiscard]] base::TimePoint oldest_since() const { return first_->waiter.since; }
  /// Tickets count arrivals, so that a caller can tell who was there already.
  [[nodiscard]] std::uint64_t first_ticket() const { return first_->ticket; }
  [[nodiscard]] std::uint64_t last_ticket() const { return next_ticket_ - 1; }

 private:
  struct Node {
    Node(WaiterQueue& queue, std::uint32_t place);

    Waiter waiter;
    base::Timer timer;
    const std::uint32_t place;     // in nodes_
    std::uint32_t generation = 1;  // tells a waiter from its successor in the same node
    std::uint64_t ticket = 0;      // 0: not in the queue
    Node* before = nullptr;
    Node* after = nullptr;
  };

  static WaiterId id_of(const Node& node);
  [[nodiscard]] const Node* find(WaiterId id) const;
  Node& unused_node();
  Waiter take(Node& node);

  base::TimerQueue& timers_;
  const std::function<void(WaiterId)> on_deadline_;
  std::deque<Node> nodes_;
  std::vector<Node*> unused_;
  Node* first_ = nullptr;
  Node* last_ = nullptr;
  int size_ = 0;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace sluice::pool
