#include "postgres/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace sluice::postgres {
namespace {

constexpr std::size_t kMostAddresses = 8;

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Resolved look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* raw = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw); code != 0)
    return {{}, ::gai_strerror(code)};
  const AddressList list(raw, &::freeaddrinfo);
  Resolved resolved;
  for (const addrinfo* entry = list.get(); entry; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0)
      continue;
    auto& addresses = resolved.addresses;
    const bool known = std::ranges::find(addresses, text.data()) != addresses.end();
    if (!known && addresses.size() < kMostAddresses) addresses.emplace_back(text.data());
  }
  if (resolved.addresses.empty()) resolved.error = "the name has no usable address";
  return resolved;
}

}  // namespace

void Resolver::resolve(const std::string& host, ReturnTicket::Stub back, Found found) {
  {
    std::lock_guard lock(under_way_->mutex);
    auto& askers = under_way_->askers[host];
    askers.push_back({std::move(back), std::move(found)});
    if (askers.size() > 1) return;
  }
  threads_.run([under_way = under_way_, host] { answer(*under_way, host); });
}

void Resolver::answer(UnderWay& under_way, const std::string& host) {
  const auto resolved = std::make_shared<const Resolved>(look_up(host));
  std::vector<Asker> askers;
  {
    std::lock_guard lock(under_way.mutex);
    askers = std::move(under_way.askers.extract(host).mapped());
  }
  for (Asker& asker : askers)
    asker.back.deliver([resolved, found = std::move(asker.found)] { found(*resolved); });
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return ::inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

bool is_socket_directory(const std::string& host) {
  return host.starts_with('/') || host.starts_with('@');
}

}  // namespace sluice::postgres
