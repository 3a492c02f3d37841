#pragma once

#include <string>
#include <string_view>

#include "app/client/failure.h"

namespace sluice::app::client {

/// Where a gateway listens.
struct Address {
  std::string host;  ///< without the brackets of an IPv6 address
  std::string port;
  std::string socket;  ///< path of a Unix socket; then host and port are empty
  std::string name;    ///< as people wrote it, for messages
  std::string header;  ///< for `Host:`
};

/// http://HOST[:PORT], HOST:PORT or unix:/path.
[[nodiscard]] Outcome<Address> parse_url(std::string_view url);
/// The address that reaches a gateway which listens on `listen` ("0.0.0.0:8080", "unix:/path").
[[nodiscard]] Outcome<Address> parse_listen(std::string_view listen);

}  // namespace sluice::app::client
