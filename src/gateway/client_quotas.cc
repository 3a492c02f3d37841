#include "gateway/client_quotas.h"

#include <arpa/inet.h>

#include <array>
#include <chrono>
#include <utility>

namespace sluice::gateway {
namespace {

constexpr std::size_t kMostMet = 256;
// Looking through all addresses is worth it once in a while only.
constexpr std::chrono::milliseconds kSweepEvery{100};

}  // namespace

std::string client_of_address(std::string_view address) {
  in6_addr parsed{};
  const std::string text(address.substr(0, address.find('%')));
  if (inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&parsed)) return text;
  constexpr std::size_t kHostPart = 8;
  for (std::size_t i = kHostPart; i < sizeof parsed.s6_addr; ++i) parsed.s6_addr[i] = 0;
  std::array<char, INET6_ADDRSTRLEN> network{};
  inet_ntop(AF_INET6, &parsed, network.data(), network.size());
  return std::string(network.data()) + "/64";
}

/// The worker's own memory first; it is emptied when it is full, and soon filled again.
template <typename Find>
std::shared_ptr<ClientQuota> ClientQuotas::met(std::string_view kind, std::string_view client,
                                               Find find) {
  Map& own = *met_.own();
  const std::string name = std::string(kind).append(client);
  if (const auto known = own.find(name); known != own.end()) return known->second;
  auto quota = find();
  if (own.size() >= kMostMet) own.clear();
  own.emplace(name, quota);
  return quota;
}

std::shared_ptr<ClientQuota> ClientQuotas::of_key(std::string_view name, base::TimePoint now) {
  return met("key ", name, [&] {
    const std::lock_guard lock(mutex_);
    auto& quota = keys_[std::string(name)];
    if (!quota) quota = std::make_shared<ClientQuota>(now);
    return quota;
  });
}

std::shared_ptr<ClientQuota> ClientQuotas::of_address(std::string_view address,
                                                      const config::ClientLimits& limits,
                                                      base::TimePoint now) {
  return met("address ", address, [&] {
    const std::string client = client_of_address(address);
    const std::lock_guard lock(mutex_);
    if (const auto known = addresses_.find(client); known != addresses_.end()) return known->second;
    if (addresses_.size() >= kMostAddresses) forget_unused(limits, now);
    if (addresses_.size() >= kMostAddresses) {
      if (!others_) others_ = std::make_shared<ClientQuota>(now);
      return others_;
    }
    return addresses_[client] = std::make_shared<ClientQuota>(now);
  });
}

/// Those that some worker remembers stay, or else it would count on by itself.
void ClientQuotas::forget_unused(const config::ClientLimits& limits, base::TimePoint now) {
  if (now < swept_at_ + kSweepEvery) return;
  swept_at_ = now;
  std::erase_if(addresses_, [&](const auto& entry) {
    return entry.second.use_count() == 1 && entry.second->unused(limits, now);
  });
}

std::size_t ClientQuotas::addresses() const {
  const std::lock_guard lock(mutex_);
  return addresses_.size();
}

}  // namespace sluice::gateway
