#include "pool/waiter_queue.h"

#include <utility>

namespace sluice::pool {

WaiterQueue::Node::Node(WaiterQueue& queue, std::uint32_t own_place)
    : timer(queue.timers_, [&queue, this] { queue.on_deadline_(id_of(*this)); }),
      place(own_place) {}

WaiterQueue::WaiterQueue(base::TimerQueue& timers, std::function<void(WaiterId)> on_deadline)
    : timers_(timers), on_deadline_(std::move(on_deadline)) {}

WaiterId WaiterQueue::push(Waiter waiter, base::Deadline deadline) {
  Node& node = unused_node();
  node.waiter = std::move(waiter);
  node.ticket = next_ticket_++;
  node.before = last_;
  node.after = nullptr;
  (last_ ? last_->after : first_) = &node;
  last_ = &node;
  ++size_;
  node.timer.arm(deadline.at());
  return id_of(node);
}

WaiterQueue::Waiter WaiterQueue::pop() { return take(*first_); }

std::optional<WaiterQueue::Waiter> WaiterQueue::remove(WaiterId id) {
  const Node* node = find(id);
  if (!node) return std::nullopt;
  return take(nodes_[node->place]);
}

WaiterId WaiterQueue::id_of(const Node& node) {
  return (WaiterId{node.generation} << 32) | node.place;
}

const WaiterQueue::Node* WaiterQueue::find(WaiterId id) const {
  const std::size_t place = id & 0xffff'ffffU;
  if (place >= nodes_.size()) return nullptr;
  const Node& node = nodes_[place];
  return node.ticket != 0 && id_of(node) == id ? &node : nullptr;
}

WaiterQueue::Node& WaiterQueue::unused_node() {
  if (unused_.empty()) {
    return nodes_.emplace_back(*this, static_cast<std::uint32_t>(nodes_.size()));
  }
  Node& node = *unused_.back();
  unused_.pop_back();
  return node;
}

WaiterQueue::Waiter WaiterQueue::take(Node& node) {
  (node.before ? node.before->after : first_) = node.after;
  (node.after ? node.after->before : last_) = node.before;
  --size_;
  node.timer.disarm();
  node.ticket = 0;
  if (++node.generation == 0) node.generation = 1;
  unused_.push_back(&node);
  Waiter taken{std::move(node.waiter.acquired), node.waiter.since, node.waiter.errand};
  node.waiter.acquired = nullptr;
  return taken;
}

}  // namespace sluice::pool
