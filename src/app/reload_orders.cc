#include "app/reload_orders.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

namespace sluice::app {

int ReloadOrders::signal_number() { return SIGUSR1; }

void ReloadOrders::put(gateway::ReloadOrder order) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  ::kill(::getpid(), signal_number());
}

std::vector<gateway::ReloadOrder> ReloadOrders::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(orders_, {});
}

}  // namespace sluice::app
