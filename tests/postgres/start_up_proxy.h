#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace sluice::test {

/// Stands between a client and a PostgreSQL server on 127.0.0.1, like a pooling proxy: it refuses a
/// start-up packet that contains a given text, and passes everything else on, counting who speaks.
/// One thread per connection; without TLS.
class StartUpProxy {
 public:
  StartUpProxy(std::uint16_t server_port, std::string refused_text, std::string sqlstate,
               std::string message);
  ~StartUpProxy();
  StartUpProxy(const StartUpProxy&) = delete;
  StartUpProxy& operator=(const StartUpProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Start-up packets that were refused.
  [[nodiscard]] int refusals() const { return refusals_; }
  /// How often clients spoke after they had heard something, over all connections.
  [[nodiscard]] int round_trips() const { return round_trips_; }

 private:
  void accept_all();
  void serve(int client);

  const std::uint16_t server_port_;
  const std::string refused_text_;
  const std::string refusal_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> refusals_{0};
  std::atomic<int> round_trips_{0};
  std::atomic<int> serving_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace sluice::test
