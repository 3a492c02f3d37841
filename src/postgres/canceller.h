#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>

#include "postgres/pg_handles.h"
#include "postgres/return_ticket.h"
#include "postgres/task_threads.h"

namespace sluice::postgres {

/// Sends cancel requests on threads of its own: PQcancel opens a connection, blocks, and knows no
/// deadline. Thread-safe.
class Canceller {
 public:
  /// One database's requests under way. Shared by its connections.
  using Share = std::shared_ptr<std::atomic<int>>;

  explicit Canceller(int threads)
      : most_per_share_(std::max(threads / 2, 1)), threads_("sluice-cancel", threads) {}

  /// Whether the request could be sent, as far as it was up to us.
  using Returned = std::function<void(bool could_be_sent)>;

  /// Sends the request, and calls `returned` on the ticket's loop when the server has taken it (or
  /// will not). False when no thread is free, or this share has half of them already.
  [[nodiscard]] bool cancel(CancelPtr request, const Share& share, ReturnTicket::Stub back,
                            Returned returned);

 private:
  const int most_per_share_;
  TaskThreads threads_;
};

}  // namespace sluice::postgres
