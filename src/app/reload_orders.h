#pragma once

#include <mutex>
#include <vector>

#include "gateway/configuration.h"

namespace sluice::app {

/// Orders of the API to read the configuration again, until the main thread gets to them: reading
/// blocks on the disk, which no worker may. Thread-safe.
class ReloadOrders {
 public:
  /// Wakes the main thread by this signal, which is blocked everywhere and waited for there.
  static int signal_number();

  void put(gateway::ReloadOrder order);
  [[nodiscard]] std::vector<gateway::ReloadOrder> take();

 private:
  std::mutex mutex_;
  std::vector<gateway::ReloadOrder> orders_;
};

}  // namespace sluice::app
