#pragma once

#include <string>

#include "sluice/result.h"

namespace sluice::http {

/// A listening socket: TCP over IPv4 or IPv6, or a Unix socket. Owns the descriptor, and the path
/// of a Unix socket, which it removes. Also owns one spare descriptor, so that a connection can
/// still be accepted, told and closed when the process has none left. Any thread, one at a time.
class Listener {
 public:
  /// "HOST:PORT", "[V6]:PORT", ":PORT" or "unix:/path". Port 0: any free one.
  [[nodiscard]] static Result<Listener> open(const std::string& listen);
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  [[nodiscard]] int fd() const { return fd_; }
  /// With the real port: "127.0.0.1:8080", "unix:/path".
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Without the port; empty for a Unix socket.
  [[nodiscard]] const std::string& host() const { return host_; }

  struct Accepted {
    enum class Kind { kConnection, kNone, kRefusedOne, kExhausted };
    Kind kind = Kind::kNone;
    int fd = -1;         ///< the caller's, for kConnection
    std::string client;  ///< "192.0.2.1:54321"
  };
  /// Takes one connection. kRefusedOne: there was no descriptor for it, so it was told and closed.
  /// kExhausted: not even that was possible; try again later.
  [[nodiscard]] Accepted accept();

  /// Lets nobody new in. What the kernel has accepted can still be taken with `accept`.
  void stop_new_connections();
  void close();

 private:
  Listener(int fd, std::string host, std::string address, std::string path);
  [[nodiscard]] Accepted refuse_one();

  int fd_;
  int spare_;
  std::string host_;
  std::string address_;
  std::string path_;  // of the Unix socket
};

}  // namespace sluice::http
