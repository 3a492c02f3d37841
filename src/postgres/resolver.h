#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "postgres/return_ticket.h"
#include "postgres/task_threads.h"

namespace sluice::postgres {

/// What a name stands for: numeric addresses in the order to try them, or why there are none.
struct Resolved {
  std::vector<std::string> addresses;
  std::string error;
};

/// Looks host names up on threads of its own, as getaddrinfo blocks. Those who ask for a name that
/// is being looked up share the answer, so that a name server that is silent about one name keeps
/// one thread from the others, however many ask. Thread-safe.
class Resolver {
 public:
  using Found = std::function<void(const Resolved&)>;

  explicit Resolver(int threads) : threads_("sluice-resolve", threads) {}

  /// Calls `found` on the ticket's loop, unless the ticket is gone by then.
  void resolve(const std::string& host, ReturnTicket::Stub back, Found found);

 private:
  struct Asker {
    ReturnTicket::Stub back;
    Found found;
  };
  /// Outlives the resolver while a look-up is stuck.
  struct UnderWay {
    std::mutex mutex;
    std::unordered_map<std::string, std::vector<Asker>> askers;  // by name
  };

  static void answer(UnderWay& under_way, const std::string& host);

  const std::shared_ptr<UnderWay> under_way_ = std::make_shared<UnderWay>();
  TaskThreads threads_;
};

/// Whether the host needs no look-up: an address, or the directory of a Unix socket.
[[nodiscard]] bool is_address(const std::string& host);
[[nodiscard]] bool is_socket_directory(const std::string& host);

}  // namespace sluice::postgres
