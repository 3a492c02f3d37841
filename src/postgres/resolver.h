#pragma once

#include <functional>
#include <string>
#include <vector>

#include "postgres/return_ticket.h"
#include "postgres/task_threads.h"

namespace sluice::postgres {

/// What a name stands for: numeric addresses in the order to try them, or why there are none.
struct Resolved {
  std::vector<std::string> addresses;
  std::string error;
};

/// Looks host names up on threads of its own, as getaddrinfo blocks. Thread-safe.
class Resolver {
 public:
  using Found = std::function<void(Resolved)>;

  explicit Resolver(int threads) : threads_(threads) {}

  /// Calls `found` on the ticket's loop, unless the ticket is gone by then.
  void resolve(const std::string& host, ReturnTicket::Stub back, Found found);

 private:
  TaskThreads threads_;
};

/// Whether the host needs no look-up: an address, or the directory of a Unix socket.
[[nodiscard]] bool is_address(const std::string& host);
[[nodiscard]] bool is_socket_directory(const std::string& host);

}  // namespace sluice::postgres
