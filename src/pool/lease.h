#pragma once

#include "base/time.h"
#include "pool/connection.h"

namespace sluice::pool {

class Pool;
struct Slot;

/// A connection lent to one user, or to several that pipeline. Move-only; destroying it gives the
/// connection back. Lives on the pool's thread. The pool must outlive its leases.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return slot_ != nullptr; }
  [[nodiscard]] Connection& connection() const;
  /// Whether others use the connection at this moment.
  [[nodiscard]] bool shared() const;
  /// Part of the wait that opening this connection took, if it was opened for this lease.
  [[nodiscard]] base::Duration connect_time() const { return connect_time_; }
  /// Gives the connection back now. A broken one is replaced; one that needs it is cleaned off the
  /// caller's path.
  void release();

 private:
  friend class Pool;
  Lease(Pool& pool, Slot& slot, base::Duration connect_time)
      : pool_(&pool), slot_(&slot), connect_time_(connect_time) {}

  Pool* pool_ = nullptr;
  Slot* slot_ = nullptr;
  base::Duration connect_time_{};
};

}  // namespace sluice::pool
