#pragma once

#include <utility>

namespace sluice::pool {

/// Leave to have connections, out of a number that several pools share. Called on the pool's
/// thread; calls nobody back from inside.
class ConnectionBudget {
 public:
  virtual ~ConnectionBudget() = default;
  /// Leave for one more connection. If there is none, `Pool::budget_changed` is called when there
  /// may be. `urgent`: callers wait for it.
  [[nodiscard]] virtual bool try_take(bool urgent) = 0;
  virtual void give_back() = 0;
  /// Whether this pool was asked to give one back, and it still is of use to another.
  [[nodiscard]] virtual bool should_yield() = 0;
  /// So many connections lie idle from now on.
  virtual void idle_changed(int idle) = 0;
};

/// The leave that one connection has; given back when it is destroyed.
class BudgetShare {
 public:
  BudgetShare() = default;
  explicit BudgetShare(ConnectionBudget* budget) : budget_(budget) {}
  BudgetShare(BudgetShare&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)) {}
  BudgetShare& operator=(BudgetShare&& other) noexcept {
    std::swap(budget_, other.budget_);
    return *this;
  }
  ~BudgetShare() {
    if (budget_) budget_->give_back();
  }

 private:
  ConnectionBudget* budget_ = nullptr;
};

}  // namespace sluice::pool
