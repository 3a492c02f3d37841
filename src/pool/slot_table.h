#pragma once

#include <array>
#include <memory>
#include <vector>

#include "pool/slot.h"

namespace sluice::pool {

/// Owns a pool's slots and counts them by state. Every operation is O(1).
class SlotTable {
 public:
  Slot& add(std::unique_ptr<Slot> slot);
  /// Destroys the slot, and with it its connection.
  void remove(Slot& slot);
  void change(Slot& slot, SlotState state);

  [[nodiscard]] int count(SlotState state) const {
    return counts_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] int total() const { return static_cast<int>(slots_.size()); }
  /// Those that have a connection which is not on its way out.
  [[nodiscard]] int live() const {
    return total() - count(SlotState::kConnecting) - count(SlotState::kClosing);
  }
  [[nodiscard]] const std::vector<std::unique_ptr<Slot>>& all() const { return slots_; }

 private:
  std::vector<std::unique_ptr<Slot>> slots_;
  std::array<int, kSlotStates> counts_{};
};

/// The idle connections, the most recently used first. An intrusive list: the slots are elsewhere.
class IdleList {
 public:
  /// O(1) for one that was just used.
  void insert(Slot& slot);
  void remove(Slot& slot);

  [[nodiscard]] bool empty() const { return newest_ == nullptr; }
  [[nodiscard]] Slot* newest() const { return newest_; }
  [[nodiscard]] Slot* oldest() const { return oldest_; }

 private:
  Slot* newest_ = nullptr;
  Slot* oldest_ = nullptr;
};

}  // namespace sluice::pool
