#pragma once

#include <atomic>
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
  /// A `stop` that becomes true ends a request that waits for its answer.
  HttpClient(Address address, std::string key, const std::atomic<bool>* stop = nullptr)
      : address_(std::move(address)), key_(std::move(key)), stop_(stop) {}

  /// Connects when it must. Only a GET is repeated, once, when a kept connection turns out closed.
  [[nodiscard]] Outcome<Reply> ask(const Request& request) override;
  /// Never repeated. The connection is closed afterwards, which cancels what is not wanted.
  [[nodiscard]] Outcome<Reply> stream(const Request& request, const TakePiece& take) override;

 private:
  Outcome<Reply> ask_once(const Request& request);
  Outcome<void> ready();
  Outcome<void> send(const Request& request);
  Outcome<Reply> receive(const TakePiece& take);

  Address address_;
  std::string key_;
  const std::atomic<bool>* stop_;
  std::optional<Socket> socket_;
};

}  // namespace sluice::app::client
