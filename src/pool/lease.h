#pragma once

#include "base/time.h"
#include "pool/connection.h"

namespace sluice::pool {

class Pool;
struct Slot;

/// A connection lent to one user, or to a batch of users. Move-only; destroying it gives the
/// connection back. Lives on the pool's thread. The pool must outlive its leases.
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return slot_ != nullptr; }
  [[nodiscard]] Connection& connection() const;
  /// Whether it was lent for a batch that others may still join: see ExecuteOptions.
  [[nodiscard]] bool first_of_batch() const { return first_of_batch_; }
  /// Whether it was lent to others as well, for the same batch.
  [[nodiscard]] bool shared() const;
  /// Its user gives up on what it runs. Returns whether nobody else cares for the connection
  /// either, so that a cancel hits no one.
  bool forsake();
  /// For so long its user did nothing with it, and no database was slow.
  void leave_out(base::Duration idle);
  /// Its user has it for longer than one call: how long says nothing of calls.
  void keep();
  /// Part of the wait that opening this connection took, if it was opened for this lease.
  [[nodiscard]] base::Duration connect_time() const { return connect_time_; }
  /// Gives the connection back now. A broken one is replaced; one that needs it is cleaned off the
  /// caller's path.
  void release();

 private:
  friend class Pool;
  Lease(Pool& pool, Slot& slot) : pool_(&pool), slot_(&slot) {}

  Pool* pool_ = nullptr;
  Slot* slot_ = nullptr;
  base::Duration connect_time_{};
  bool first_of_batch_ = false;
  bool forsaken_ = false;
};

}  // namespace sluice::pool
