// Short reads go together: who waits for company, and who goes along.
#include <algorithm>
#include <chrono>

#include "pool/pool.h"

namespace sluice::pool {
namespace {

// What a short read should wait at most for a connection that is in use, rather than make one more
// process of the server run beside the others.
constexpr std::chrono::microseconds kWorthWaiting{100};
// One runs while the other is answered.
constexpr int kFewest = 2;
// A connection that was lent for short reads, and is not back by now, does something else.
constexpr std::chrono::milliseconds kOverdue{5};

}  // namespace

/// The first waiter is served, and those behind it whose statements can go along. The connection
/// counts as used meanwhile, as any of them may give it back at once.
void Pool::lend_to_waiters(Slot& slot) {
  (void)waiters_.give_turn(fair_share(), others_first());
  const int most = batch_size(slot);
  ++slot.users;
  ++waited_;
  lend(slot, waiters_.pop(), most > 1);
  while (slot.company < most && !waiters_.empty() && !slot.spoiled) {
    const Errand* const errand = waiters_.first_errand();
    if (!errand || !slot.connection->may_join(*errand)) break;
    ++waited_;
    lend(slot, waiters_.pop());
  }
  if (--slot.users > 0) return;
  if (const auto closed = free(slot)) report_closed(*closed);
  serve();
}

int Pool::batch_size(const Slot& slot) const {
  const Errand* const errand = waiters_.first_errand();
  if (!errand || options_.pipeline_depth <= 1) return 1;
  const auto usual = slot.connection->short_read(*errand);
  if (!usual) return 1;
  const int connections = std::min(std::max(slots_.live(), 1), enough_for(*usual));
  const int fair = (waiters_.size() + connections - 1) / connections;
  return std::min(fair, options_.pipeline_depth);
}

/// The longer they take, the longer who comes would have to wait for one to come back: then more of
/// them are used. So are they when more wait than fit in a batch.
int Pool::enough_for(base::Duration usual) const {
  const auto prompt =
      static_cast<int>((usual + kWorthWaiting - std::chrono::nanoseconds(1)) / kWorthWaiting);
  const int full = waiters_.size() / options_.pipeline_depth;
  return std::min(std::max({prompt, full, kFewest}), std::max(std::min(limit(), lendable_), 1));
}

bool Pool::worth_waiting(const Errand* errand) const {
  if (!errand || brief_ < kFewest || options_.pipeline_depth <= 1) return false;
  Connection& next = idle_.empty() ? some_brief() : *idle_.newest()->connection;
  const auto usual = next.short_read(*errand);
  return usual && brief_ >= enough_for(*usual);
}

Connection& Pool::some_brief() const {
  const auto& slots = slots_.all();
  return *(*std::ranges::find_if(slots, [](const auto& slot) { return slot->brief; }))->connection;
}

void Pool::hold() {
  held_ = true;
  if (!overdue_timer_.armed()) overdue_timer_.arm(loop_.now() + kOverdue);
}

void Pool::set_brief(Slot& slot, bool brief) {
  brief_ += static_cast<int>(brief) - static_cast<int>(slot.brief);
  slot.brief = brief;
}

void Pool::forget_overdue() {
  const auto since = loop_.now() - kOverdue;
  for (const auto& slot : slots_.all()) {
    if (slot->brief && slot->began <= since) set_brief(*slot, false);
  }
  serve();
}

}  // namespace sluice::pool
