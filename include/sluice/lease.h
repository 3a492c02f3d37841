#pragma once

#include <memory>
#include <string>

#include "sluice/export.h"

namespace sluice {

/// One PostgreSQL connection, lent for exclusive use; see <sluice/pqxx.h> for what to do with it.
/// Move-only; destroying it (from any thread) gives the connection back, and the session is cleaned
/// before anybody else gets it. One thread at a time may use it. Must not outlive its PoolManager:
/// closing waits for leases. The pool does not limit how long a lease lasts.
class SLUICE_API Lease {
 public:
  class Impl;  ///< what it is made of

  /// An empty one.
  Lease() noexcept;
  /// For PoolManager.
  explicit Lease(std::unique_ptr<Impl> impl) noexcept;
  /// The other one is empty afterwards.
  Lease(Lease&&) noexcept;
  /// Gives back what it held before.
  Lease& operator=(Lease&&) noexcept;
  /// As `release`.
  ~Lease();

  /// Whether it holds a connection.
  explicit operator bool() const { return impl_ != nullptr; }
  /// The database it belongs to; empty when the lease is.
  [[nodiscard]] const std::string& db_id() const;
  /// Gives the connection back now; the lease is empty afterwards. Does not block.
  void release();
  /// For <sluice/pqxx.h>; null when empty.
  [[nodiscard]] void* native() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
