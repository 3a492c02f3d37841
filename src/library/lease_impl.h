#pragma once

#include <memory>
#include <utility>

#include "manager/lending.h"
#include "sluice/lease.h"

namespace sluice {

/// What a public Lease holds.
class Lease::Impl {
 public:
  explicit Impl(std::unique_ptr<manager::Loan> given) : loan(std::move(given)) {}
  std::unique_ptr<manager::Loan> loan;
};

}  // namespace sluice
