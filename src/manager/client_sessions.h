#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "manager/client_session.h"
#include "sluice/observer.h"
#include "sluice/options.h"
#include "sluice/stats.h"

namespace sluice::manager {

/// The interactive sessions of one shard. Its thread only.
class ClientSessions {
 public:
  struct Dependencies {
    const std::string& db_id;
    base::EventLoop& loop;
    Observer& observer;
    base::Random& random;
    std::size_t number;  ///< of the shard among its database's: ids begin with it
  };
  explicit ClientSessions(Dependencies dependencies) : dependencies_(dependencies) {}

  /// Why none can be opened now; empty: one can.
  [[nodiscard]] std::optional<Error> refusal(const SessionLimits& limits) const;
  /// Opens one on this connection, and writes its id into `use`.
  void open(SessionUse& use, pool::Lease lease);
  /// Null: there is none, or `proof` is not its own, which takes as long to find out.
  [[nodiscard]] std::shared_ptr<ClientSession> find(const std::string& id,
                                                    const std::string& proof) const;
  /// For operators.
  [[nodiscard]] std::shared_ptr<ClientSession> find(const std::string& id) const;
  [[nodiscard]] const std::map<std::string, std::shared_ptr<ClientSession>>& all() const {
    return sessions_;
  }
  /// Each as soon as what it runs has ended.
  void end_all(SessionEnd why);
  [[nodiscard]] SessionStats stats() const;

  /// By sessions only.
  void ended(const ClientSession& session, SessionEnd why);

 private:
  const Dependencies dependencies_;
  std::map<std::string, std::shared_ptr<ClientSession>> sessions_;
  std::int64_t opened_ = 0;
  std::array<std::int64_t, kSessionEnds> ended_{};
};

/// Which shard of its database a session's id names; empty: it is no id of ours.
[[nodiscard]] std::optional<std::size_t> shard_of_session(std::string_view id);

}  // namespace sluice::manager
