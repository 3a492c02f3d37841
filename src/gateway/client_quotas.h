#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/event_loop.h"
#include "gateway/client_quota.h"
#include "gateway/per_worker.h"

namespace sluice::gateway {

/// The quotas of all clients: of those with a key by its name, of the others by their address. Of
/// addresses at most kMostAddresses are told apart; the rest share one quota. Each worker keeps
/// those it has met lately, so that its next request takes no lock.
class ClientQuotas {
 public:
  static constexpr std::size_t kMostAddresses = 10'000;

  explicit ClientQuotas(const std::vector<base::EventLoop*>& workers) : met_(workers) {}

  /// On a worker's thread.
  [[nodiscard]] std::shared_ptr<ClientQuota> of_key(std::string_view name, base::TimePoint now);
  [[nodiscard]] std::shared_ptr<ClientQuota> of_address(std::string_view address,
                                                        const config::ClientLimits& limits,
                                                        base::TimePoint now);
  [[nodiscard]] std::size_t addresses() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Map = std::unordered_map<std::string, std::shared_ptr<ClientQuota>, Hash, std::equal_to<>>;

  template <typename Find>
  std::shared_ptr<ClientQuota> met(std::string_view kind, std::string_view client, Find find);
  void forget_unused(const config::ClientLimits& limits, base::TimePoint now);

  PerWorker<Map> met_;
  mutable std::mutex mutex_;
  Map keys_;
  Map addresses_;
  std::shared_ptr<ClientQuota> others_;
  base::TimePoint swept_at_ = base::TimePoint::min();
};

/// What tells clients without a key apart: an IPv4 address, or the first half of an IPv6 address,
/// which one client may have all of.
[[nodiscard]] std::string client_of_address(std::string_view address);

}  // namespace sluice::gateway
