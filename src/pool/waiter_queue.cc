#include "pool/waiter_queue.h"

#include <algorithm>
#include <utility>

namespace sluice::pool {

WaiterQueue::WaiterQueue(base::TimerQueue& timers, std::function<void(WaiterId)> on_deadline)
    : timers_(timers), on_deadline_(std::move(on_deadline)) {}

WaiterId WaiterQueue::push(Waiter waiter, base::Deadline deadline) {
  Node& node = unused_node();
  node.waiter = std::move(waiter);
  node.ticket = next_ticket_++;
  Client& client = *node.waiter.client;
  node.before = client.last;
  node.after = nullptr;
  (client.last ? client.last->after : client.first) = &node;
  client.last = &node;
  if (++client.waiting == 1) enter_ring(client);
  client.most = std::max(client.most, client.lent + client.waiting);
  ++size_;
  node.timer.arm(deadline.at());
  return id_of(node);
}

Waiter WaiterQueue::pop() {
  Client& client = *turn_;
  turn_ = client.after;
  return take(next_of(client));
}

std::optional<Waiter> WaiterQueue::remove(WaiterId id) {
  const Node* node = find(id);
  if (!node) return std::nullopt;
  return take(nodes_[node->place]);
}

template <typename Predicate>
std::optional<Waiter> WaiterQueue::pop_if(Predicate holds) {
  Client* client = turn_;
  for (int left = clients_; left > 0; --left, client = client->after) {
    if (holds(*client->first)) return take(*client->first);
  }
  return std::nullopt;
}

std::optional<Waiter> WaiterQueue::pop_up_to(std::uint64_t ticket) {
  return pop_if([ticket](const Node& node) { return node.ticket <= ticket; });
}

std::optional<Waiter> WaiterQueue::pop_from_before(base::TimePoint moment) {
  return pop_if([moment](const Node& node) { return node.waiter.since < moment; });
}

std::optional<Waiter> WaiterQueue::pop_of_longest(int fair) {
  Client* longest = turn_;
  Client* client = turn_;
  for (int left = clients_; left > 0; --left, client = client->after) {
    if (client->waiting > longest->waiting) longest = client;
  }
  if (!longest || longest->waiting <= fair) return std::nullopt;
  return take(*longest->last);
}

bool WaiterQueue::give_turn(int most, bool leave_out_greedy) {
  Client* next = nullptr;
  Client* client = turn_;
  for (int left = clients_; left > 0; --left, client = client->after) {
    if (leave_out_greedy && client->greedy) continue;
    if (!next || client->lent < most) next = client;
    if (next->lent < most) break;
  }
  if (next) turn_ = next;
  return next != nullptr;
}

int WaiterQueue::ahead_of(const Client& client) const {
  const int others = clients_ - (client.waiting > 0 ? 1 : 0);
  return std::min(size_, client.waiting + others * (client.waiting + 1));
}

const Errand* WaiterQueue::first_errand() const { return next_of(*turn_).waiter.errand; }

base::TimePoint WaiterQueue::oldest_since() const {
  auto oldest = base::TimePoint::max();
  const Client* client = turn_;
  for (int left = clients_; left > 0; --left, client = client->after) {
    oldest = std::min(oldest, client->first->waiter.since);
  }
  return oldest;
}

WaiterId WaiterQueue::id_of(const Node& node) {
  return (WaiterId{node.generation} << 32) | node.place;
}

const WaiterNode* WaiterQueue::find(WaiterId id) const {
  const std::size_t place = id & 0xffff'ffffU;
  if (place >= nodes_.size()) return nullptr;
  const Node& node = nodes_[place];
  return node.ticket != 0 && id_of(node) == id ? &node : nullptr;
}

WaiterNode& WaiterQueue::next_of(Client& client) const {
  return newest_first_ ? *client.last : *client.first;
}

WaiterNode& WaiterQueue::unused_node() {
  if (unused_.empty()) {
    return nodes_.emplace_back(
        timers_, [this](const Node& late) { on_deadline_(id_of(late)); },
        static_cast<std::uint32_t>(nodes_.size()));
  }
  Node& node = *unused_.back();
  unused_.pop_back();
  return node;
}

Waiter WaiterQueue::take(Node& node) {
  Client& client = *node.waiter.client;
  (node.before ? node.before->after : client.first) = node.after;
  (node.after ? node.after->before : client.last) = node.before;
  if (--client.waiting == 0) leave_ring(client);
  --size_;
  node.timer.disarm();
  node.ticket = 0;
  if (++node.generation == 0) node.generation = 1;
  unused_.push_back(&node);
  Waiter taken = std::move(node.waiter);
  node.waiter.acquired = nullptr;
  return taken;
}

/// At the end: everybody who waits already has a turn before it.
void WaiterQueue::enter_ring(Client& client) {
  ++clients_;
  if (!turn_) {
    client.before = client.after = turn_ = &client;
    return;
  }
  client.after = turn_;
  client.before = turn_->before;
  client.before->after = &client;
  turn_->before = &client;
}

void WaiterQueue::leave_ring(Client& client) {
  --clients_;
  if (turn_ == &client) turn_ = clients_ > 0 ? client.after : nullptr;
  client.before->after = client.after;
  client.after->before = client.before;
  client.before = client.after = nullptr;
}

}  // namespace sluice::pool
