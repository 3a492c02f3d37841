#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "gateway/operations.h"
#include "json/requests.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// What the client is told of its new session. The secret is not kept.
struct OpenedSession {
  std::string id;
  std::string secret;
  std::chrono::milliseconds idle_timeout{0};
  std::chrono::milliseconds max_duration{0};
  Timings timings;
};

/// Interactive sessions: a client keeps one connection for several statements, which QueryService
/// runs. A session is known by its id and belongs to whoever has its secret and its owner's key.
class SessionService {
 public:
  SessionService(manager::Manager& manager, Operations& operations)
      : manager_(manager), operations_(operations) {}

  struct Order {
    std::string db_id;
    json::SessionRequest request;
    base::EventLoop& loop;  ///< the request's worker, where `done` runs
    base::TimePoint received_at;
    const manager::Origin* origin = nullptr;  ///< lives until `done`
  };
  manager::CallHandle open(const Order& order, std::function<void(Result<OpenedSession>)> done);

  /// Which session a caller names, and the proof that it may.
  struct Name {
    std::string db_id;
    std::string id;
    std::string_view actor;
    std::string_view secret;
  };
  /// For QueryService.
  [[nodiscard]] static std::shared_ptr<manager::SessionUse> use_of(const Name& name);

  using Found = std::function<void(std::optional<manager::SessionView>)>;
  void look(const Name& name, base::EventLoop& loop, Found found);
  void close(const Name& name, base::EventLoop& loop, Found found);

  // Operators need no secret.
  void list(const std::string& db_id, base::EventLoop& loop,
            std::function<void(Result<std::vector<manager::SessionView>>)> done);
  void look(const std::string& db_id, const std::string& id, base::EventLoop& loop, Found found);
  void kill(const std::string& db_id, const std::string& id, const Operator& by, Found found);

 private:
  manager::Manager& manager_;
  Operations& operations_;
};

}  // namespace sluice::gateway
