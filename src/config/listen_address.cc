#include "config/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>

#include "base/setting_text.h"

namespace sluice::config {
namespace {

constexpr std::string_view kUnix = "unix:";

struct HostAndPort {
  std::string host;
  std::string_view port;
  bool bracketed = false;
};

std::optional<HostAndPort> split(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  HostAndPort parts{std::string(address.substr(0, colon)), address.substr(colon + 1)};
  if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
    parts.bracketed = true;
  }
  return parts;
}

bool is_ipv6(const std::string& host) {
  in6_addr ignored{};
  return inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool is_name_or_ipv4(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
}

}  // namespace

std::optional<std::string> check_listen_address(std::string_view address) {
  if (address.substr(0, kUnix.size()) == kUnix) {
    const std::string_view path = address.substr(kUnix.size());
    const bool fits = path.size() > 1 && path.size() < sizeof(sockaddr_un::sun_path);
    if (fits && path[0] == '/') return std::nullopt;
    return "must be unix: and an absolute path of at most " +
           std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes, not " +
           base::in_quotes(address);
  }
  const auto parts = split(address);
  const bool good_host =
      parts && (parts->bracketed ? is_ipv6(parts->host) : is_name_or_ipv4(parts->host));
  if (good_host && base::read_integer(parts->port, {0, 65'535, {}})) return std::nullopt;
  return "must be HOST:PORT, [IPV6]:PORT or unix:/path, for instance 127.0.0.1:8080, or "
         "0.0.0.0:8080 for every address; not " +
         base::in_quotes(address);
}

bool is_local_only(std::string_view address) {
  if (address.substr(0, kUnix.size()) == kUnix) return true;
  const auto parts = split(address);
  if (!parts) return false;
  if (parts->host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, parts->host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  in6_addr v6{};
  return inet_pton(AF_INET6, parts->host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace sluice::config
