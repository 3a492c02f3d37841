#include "pool/lease.h"

#include <utility>

#include "pool/pool.h"
#include "pool/slot.h"

namespace sluice::pool {

Lease::Lease(Lease&& other) noexcept
    : pool_(other.pool_),
      slot_(std::exchange(other.slot_, nullptr)),
      connect_time_(other.connect_time_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = other.pool_;
  slot_ = std::exchange(other.slot_, nullptr);
  connect_time_ = other.connect_time_;
  return *this;
}

Lease::~Lease() { release(); }

Connection& Lease::connection() const { return *slot_->connection; }

bool Lease::shared() const { return slot_->users > 1; }

void Lease::release() {
  if (Slot* slot = std::exchange(slot_, nullptr)) pool_->give_back(*slot);
}

}  // namespace sluice::pool
