#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "manager/client_session.h"
#include "manager/registry.h"

namespace sluice::manager {

/// Names a session; with a proof, as its owner does.
struct SessionName {
  std::string db_id;
  std::string id;
  std::optional<std::string> proof;
};

/// The interactive sessions of databases, wherever they live. Any thread; answers come on
/// `reply_to`.
class LiveSessions {
 public:
  LiveSessions(Registry& registry, std::vector<base::EventLoop*> loops)
      : registry_(registry), loops_(std::move(loops)) {}

  using Found = std::function<void(std::optional<SessionView>)>;
  /// The oldest first.
  void list(const DatabasePointer& database, base::EventLoop& reply_to,
            std::function<void(std::vector<SessionView>)> done) const;
  void look(const SessionName& name, base::EventLoop& reply_to, Found found) const;
  /// `found` gets what it was.
  void end(const SessionName& name, SessionEnd why, base::EventLoop& reply_to, Found found) const;

 private:
  void visit(const SessionName& name, base::EventLoop& reply_to,
             std::function<void(ClientSession&)> action, Found found) const;

  Registry& registry_;
  const std::vector<base::EventLoop*> loops_;
};

}  // namespace sluice::manager
