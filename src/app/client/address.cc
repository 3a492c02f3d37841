#include "app/client/address.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/setting_text.h"

namespace sluice::app::client {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kUnix = "unix:";

tl::unexpected<Failure> not_an_address(std::string_view text, std::string_view advice) {
  return failed(ExitStatus::kFailure,
                fmt::format("{} is no address of a gateway; {}", base::in_quotes(text), advice));
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// "host", "host:port", "[ipv6]" or "[ipv6]:port".
Outcome<Address> parse_authority(std::string_view text, std::string_view whole) {
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const auto from = bracket == std::string_view::npos ? 0 : bracket;
  const auto colon = text.find(':', from);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? "80" : text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || !is_port(port)) return not_an_address(whole, "write http://HOST:PORT");
  return Address{.host = std::string(host),
                 .port = std::string(port),
                 .socket = {},
                 .name = std::string(whole),
                 .header = std::string(text)};
}

Address unix_address(std::string_view text) {
  return {.host = {},
          .port = {},
          .socket = std::string(text.substr(kUnix.size())),
          .name = std::string(text),
          .header = "localhost"};
}

}  // namespace

Outcome<Address> parse_url(std::string_view url) {
  if (url.starts_with(kUnix)) return unix_address(url);
  if (url.starts_with("https://")) {
    return not_an_address(url, "this program speaks plain HTTP; ask the gateway's own address");
  }
  std::string_view authority = url;
  if (authority.starts_with(kHttp)) authority.remove_prefix(kHttp.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  if (authority.find_first_of("/@?# ") != std::string_view::npos) {
    return not_an_address(url, "write http://HOST:PORT and nothing more");
  }
  return parse_authority(authority, url);
}

Outcome<Address> parse_listen(std::string_view listen) {
  if (listen.starts_with(kUnix)) return unix_address(listen);
  auto address = parse_authority(listen, listen);
  if (!address) return address;
  if (address->host == "0.0.0.0") address->host = "127.0.0.1";
  if (address->host == "::") address->host = "::1";
  address->header = "localhost";
  return address;
}

}  // namespace sluice::app::client
