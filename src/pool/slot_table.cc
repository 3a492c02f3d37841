#include "pool/slot_table.h"

#include <utility>

namespace sluice::pool {

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::kIdle:
      return "idle";
    case CloseReason::kLifetime:
      return "lifetime";
    case CloseReason::kMaxQueries:
      return "max_queries";
    case CloseReason::kBroken:
      return "broken";
    case CloseReason::kResetFailed:
      return "reset_failed";
    case CloseReason::kPingFailed:
      return "ping_failed";
    case CloseReason::kRenewed:
      return "renewed";
    case CloseReason::kSurplus:
      return "surplus";
    case CloseReason::kPoolIdle:
      return "pool_idle";
    case CloseReason::kYielded:
      return "yielded";
    case CloseReason::kDrained:
      return "drained";
  }
  return "unknown";
}

Slot& SlotTable::add(std::unique_ptr<Slot> slot) {
  slot->index = slots_.size();
  ++counts_[static_cast<std::size_t>(slot->state)];
  slots_.push_back(std::move(slot));
  return *slots_.back();
}

void SlotTable::remove(Slot& slot) {
  --counts_[static_cast<std::size_t>(slot.state)];
  const std::size_t index = slot.index;
  const std::unique_ptr<Slot> removed = std::move(slots_[index]);
  if (index + 1 != slots_.size()) {
    slots_[index] = std::move(slots_.back());
    slots_[index]->index = index;
  }
  slots_.pop_back();
}

void SlotTable::change(Slot& slot, SlotState state) {
  --counts_[static_cast<std::size_t>(slot.state)];
  slot.state = state;
  ++counts_[static_cast<std::size_t>(state)];
}

void IdleList::insert(Slot& slot) {
  Slot* newer = nullptr;
  Slot* older = newest_;
  while (older && older->idle_since > slot.idle_since) {
    newer = older;
    older = older->older;
  }
  slot.newer = newer;
  slot.older = older;
  (newer ? newer->older : newest_) = &slot;
  (older ? older->newer : oldest_) = &slot;
}

void IdleList::remove(Slot& slot) {
  (slot.newer ? slot.newer->older : newest_) = slot.older;
  (slot.older ? slot.older->newer : oldest_) = slot.newer;
  slot.newer = slot.older = nullptr;
}

}  // namespace sluice::pool
