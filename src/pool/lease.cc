#include "pool/lease.h"

#include <utility>

#include "pool/pool.h"
#include "pool/slot.h"

namespace sluice::pool {

Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_),
      slot_(std::exchange(other.slot_, nullptr)),
      connect_time_(other.connect_time_),
      first_of_batch_(other.first_of_batch_),
      forsaken_(std::exchange(other.forsaken_, false)) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = other.pool_;
  slot_ = std::exchange(other.slot_, nullptr);
  connect_time_ = other.connect_time_;
  first_of_batch_ = other.first_of_batch_;
  forsaken_ = std::exchange(other.forsaken_, false);
  return *this;
}

Lease::~Lease() { release(); }

Connection& Lease::connection() const { return *slot_->connection; }

bool Lease::shared() const { return slot_->company > 1; }

bool Lease::forsake() {
  if (!std::exchange(forsaken_, true)) ++slot_->forsaken;
  return slot_->forsaken == slot_->users;
}

void Lease::leave_out(base::Duration idle) { slot_->began += idle; }

void Lease::keep() { slot_->kept = true; }

void Lease::release() {
  Slot* const slot = std::exchange(slot_, nullptr);
  if (!slot) return;
  if (std::exchange(forsaken_, false)) --slot->forsaken;
  pool_->give_back(*slot);
}

}  // namespace sluice::pool
