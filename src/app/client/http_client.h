#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "app/client/address.h"
#include "app/client/gateway.h"
#include "app/client/socket.h"

namespace sluice::app::client {

/// Asks a gateway over HTTP, one request after the other on one connection, and blocks meanwhile.
class HttpClient : public Gateway {
 public:
  HttpClient(Address address, std::string key)
      : address_(std::move(address)), key_(std::move(key)) {}

  /// Connects when it must. Only a GET is repeated, once, when a kept connection turns out closed.
  [[nodiscard]] Outcome<Reply> ask(const Request& request) override;

 private:
  Outcome<Reply> ask_once(const Request& request);
  Outcome<void> ready();

  Address address_;
  std::string key_;
  std::optional<Socket> socket_;
};

}  // namespace sluice::app::client
