#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/timer.h"
#include "pool/connection.h"
#include "postgres/connector.h"
#include "postgres/pg_handles.h"
#include "postgres/return_ticket.h"

namespace sluice::postgres {

class AsyncConnection;

/// One connect that is under way: the host's name is resolved, its addresses are tried one after
/// the other, each with its share of the time that is left, and the session is set up. What the
/// server turns out not to take at start-up is left out, once, and remembered. Never blocks, and
/// leaves proofs of passwords and certificates, which take milliseconds, to other threads.
class Connecting final : public pool::ConnectAttempt, private base::FdWatcher {
 public:
  Connecting(std::shared_ptr<ConnectorState> state, base::Deadline deadline,
             pool::Connector::Connected connected);
  ~Connecting() override;

 private:
  void begin();
  void on_resolved(Resolved resolved);
  void try_address();
  void advance_elsewhere();
  void advanced(PostgresPollingStatusType next);
  void on_ready(bool readable, bool writable) override;
  void watch(base::Interest interest);
  void unwatch();

  void on_late();
  void on_refused();
  /// Whether the same address should be tried again without what the server refused.
  [[nodiscard]] bool adapt(std::string_view sqlstate);
  void try_next(Error error);
  void on_open();
  [[nodiscard]] std::vector<Setting> missing_settings() const;
  void finish(Result<std::unique_ptr<pool::Connection>> result);

  const std::shared_ptr<ConnectorState> state_;
  const base::Deadline deadline_;
  pool::Connector::Connected connected_;
  std::string_view doing_ = "waiting for its turn";

  std::vector<std::string> addresses_;  // one empty text for a Unix socket
  std::size_t address_ = 0;
  ConnPtr connection_;  // null while another thread has it
  int attempts_ = 0;    // at whatever address
  int watched_ = -1;
  std::unique_ptr<AsyncConnection> opened_;  // its settings are being sent

  base::Timer next_step_;
  base::Timer time_over_;  // of this address
  ReturnTicket ticket_;
};

}  // namespace sluice::postgres
