#pragma once

#include <memory>
#include <utility>

#include "library/lease_book.h"
#include "manager/lending.h"
#include "sluice/lease.h"

namespace sluice {

/// What a public Lease holds. The book outlives it.
class __attribute__((visibility("hidden"))) Lease::Impl {
 public:
  Impl(std::unique_ptr<manager::Loan> given, library::LeaseBook& leases)
      : loan_(std::move(given)), leases_(leases) {
    leases_.lent(loan_->db_id());
  }
  ~Impl() { leases_.returned(loan_->db_id()); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] const manager::Loan& loan() const { return *loan_; }

 private:
  const std::unique_ptr<manager::Loan> loan_;
  library::LeaseBook& leases_;
};

}  // namespace sluice
