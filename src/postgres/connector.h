#pragma once

#include <atomic>
#include <memory>

#include "base/event_loop.h"
#include "pool/connection.h"
#include "postgres/canceller.h"
#include "postgres/resolver.h"
#include "postgres/start_up.h"
#include "postgres/types.h"

namespace sluice::postgres {

/// What all connectors share: threads for what would keep a loop from its work.
struct Helpers {
  Resolver& resolver;
  Canceller& canceller;
  TaskThreads& log_ins;  ///< for proofs of passwords and certificates
};

/// What the connections of one connector share. Lives as long as the last of them; used on the
/// loop's thread only, except for the canceller's share.
struct ConnectorState {
  ConnectorState(const Target& to, const DatabaseOptions& with, base::EventLoop& on,
                 const Helpers& helpers)
      : target(to),
        options(with),
        loop(on),
        resolver(helpers.resolver),
        canceller(helpers.canceller),
        log_ins(helpers.log_ins) {}

  const Target target;
  const DatabaseOptions options;
  base::EventLoop& loop;
  Resolver& resolver;
  Canceller& canceller;
  TaskThreads& log_ins;
  const Canceller::Share cancels = std::make_shared<std::atomic<int>>(0);
  ServerQuirks quirks;

  /// What the open connections have learned. Forgotten with the last of them: the next one may meet
  /// another server in the same place, where the same numbers stand for other types.
  [[nodiscard]] std::shared_ptr<TypeCatalog> types();

 private:
  std::weak_ptr<TypeCatalog> types_;
};

/// Opens connections to one target.
class Connector final : public pool::Connector {
 public:
  explicit Connector(std::shared_ptr<ConnectorState> state) : state_(std::move(state)) {}

  [[nodiscard]] std::unique_ptr<pool::ConnectAttempt> connect(base::Deadline deadline,
                                                              Connected connected) override;

 private:
  const std::shared_ptr<ConnectorState> state_;
};

}  // namespace sluice::postgres
