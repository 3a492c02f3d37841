#pragma once

#include <memory>
#include <string>

namespace sluice {

/// One PostgreSQL connection, lent for exclusive use; see <sluice/pqxx.h> for what to do with it.
/// Move-only; destroying it (from any thread) gives the connection back, and the session is cleaned
/// before anybody else gets it. One thread at a time may use it. Must not outlive its PoolManager.
class Lease {
 public:
  class Impl;

  Lease() noexcept;
  explicit Lease(std::unique_ptr<Impl> impl) noexcept;
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();

  explicit operator bool() const { return impl_ != nullptr; }
  [[nodiscard]] const std::string& db_id() const;
  /// Gives the connection back now.
  void release();
  /// For <sluice/pqxx.h>; null when empty.
  [[nodiscard]] void* native() const;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
