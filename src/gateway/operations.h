#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/event_loop.h"
#include "gateway/chaos.h"
#include "gateway/events.h"
#include "json/requests.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// Who wants something done, why, and where the answer is wanted.
struct Operator {
  std::string name;    ///< of the key
  std::string reason;  ///< in the operator's words; may be empty
  base::EventLoop& loop;
};

/// What operators do to databases. Everything that succeeds is an event. Thread-safe; every
/// function returns at once and answers on the operator's loop.
class Operations {
 public:
  Operations(manager::Manager& manager, Events& events, std::string chaos_socket)
      : manager_(manager), events_(events), chaos_(std::move(chaos_socket)) {}

  using Done = std::function<void(Status)>;

  /// `again`: what the caller asks for, from what is in force when its turn has come.
  void connect(json::ConnectRequest request, std::function<Result<json::ConnectRequest>()> again,
               const Operator& by, std::function<void(Result<Connected>)> done);
  void disconnect(const std::string& db_id, base::Duration patience, const Operator& by, Done done);
  void configure(const std::string& db_id, manager::Revise revise, const Operator& by, Done done);

  enum class Verb { kPause, kResume, kReconnect, kDrain };
  void act(Verb verb, const std::string& db_id, const Operator& by, Done done);
  void force_breaker(const std::string& db_id, const json::BreakerRequest& request,
                     const Operator& by, Done done);
  /// Opens a fresh connection, whatever the pool and the breaker say.
  void probe(const std::string& db_id, const Operator& by,
             std::function<void(Result<manager::TrialReport>)> done);
  /// `done` gets the call that was cancelled, or nothing when it is over.
  void cancel(const std::string& call_id, const Operator& by,
              std::function<void(std::optional<manager::LiveCall>)> done);
  /// `found` gets the session that was ended, or nothing when there is none.
  void end_session(const std::string& db_id, const std::string& id, const Operator& by,
                   std::function<void(std::optional<manager::SessionView>)> found);
  /// The demo's button; `done` gets what happens now, in words.
  void chaos(const std::string& db_id, const std::string& action, const Operator& by,
             std::function<void(Result<std::string>)> done);
  [[nodiscard]] bool has_chaos() const { return chaos_.available(); }

 private:
  void note(const std::string& db_id, const Operator& by, const std::string& deed);
  /// `done`, on the operator's loop, and before it an event if all went well.
  template <typename T>
  [[nodiscard]] std::function<void(T)> noted(const std::string& db_id, const Operator& by,
                                             std::string deed, std::function<void(T)> done);

  manager::Manager& manager_;
  Events& events_;
  const Chaos chaos_;
};

}  // namespace sluice::gateway
