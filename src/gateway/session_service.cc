#include "gateway/session_service.h"

#include <fmt/format.h>

#include <utility>

#include "gateway/holders.h"
#include "security/digest.h"
#include "security/token.h"

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;

/// Neither the secret alone nor the owner's key alone will do.
std::string proof_of(std::string_view actor, std::string_view secret) {
  std::string both(actor);
  const auto digest = security::digest_of(both.append(1, '\n').append(secret));
  return {digest.begin(), digest.end()};
}

/// What is asked for, if it is not more than the setting.
Result<milliseconds> within(std::optional<milliseconds> asked, milliseconds most,
                            std::string_view name) {
  const auto time = asked.value_or(most);
  if (time.count() > 0 && time <= most) return time;
  const auto text = fmt::format("must be from 1 to {} (sessions.{})", most.count(), name);
  return fail(invalid_request(fmt::format("{} {}", name, text), {{std::string(name), text}}));
}

Result<manager::SessionUse> terms_of(const json::SessionRequest& request,
                                     const SessionLimits& limits) {
  const auto idle = within(request.idle_timeout, limits.idle_timeout, "idle_timeout_ms");
  if (!idle) return fail(idle.error());
  const auto whole = within(request.max_duration, limits.max_duration, "max_duration_ms");
  if (!whole) return fail(whole.error());
  manager::SessionUse use;
  use.idle_timeout = *idle;
  use.max_duration = *whole;
  return use;
}

}  // namespace

manager::CallHandle SessionService::open(const Order& order,
                                         std::function<void(Result<OpenedSession>)> done) {
  const auto database = manager_.find(order.db_id, &order.loop);
  if (!database) return done(fail(manager::unknown_database(order.db_id))), manager::CallHandle{};
  auto terms = terms_of(order.request, database->options.sessions);
  if (!terms) return done(fail(terms.error())), manager::CallHandle{};
  auto use = std::make_shared<manager::SessionUse>(std::move(*terms));
  std::string secret = security::new_token();
  use->proof = proof_of(order.origin->actor, secret);
  use->actor = order.origin->actor;
  use->client = manager::address_of(order.origin->client);
  manager::Call call;
  call.db_id = order.db_id;
  call.query.sql = "SELECT 1";  // whoever gets the session can rely on the connection
  call.query.timeout = order.request.timeout;
  call.reply_to = &order.loop;
  call.started_at = order.received_at;
  call.origin = order.origin;
  call.session = use;
  call.done = [use, secret = std::move(secret), done = std::move(done)](Result<Completion> result) {
    if (!result) {
      show_holders(result.error());
      return done(fail(std::move(result.error())));
    }
    done(OpenedSession{use->id, secret, use->idle_timeout, use->max_duration, result->timings});
  };
  return manager_.execute(std::move(call));
}

std::shared_ptr<manager::SessionUse> SessionService::use_of(const Name& name) {
  auto use = std::make_shared<manager::SessionUse>();
  use->id = name.id.empty() ? "?" : name.id;
  use->proof = proof_of(name.actor, name.secret);
  return use;
}

void SessionService::look(const Name& name, base::EventLoop& loop, Found found) {
  manager_.live_sessions().look({name.db_id, name.id, proof_of(name.actor, name.secret)}, loop,
                                std::move(found));
}

void SessionService::close(const Name& name, base::EventLoop& loop, Found found) {
  manager_.live_sessions().end({name.db_id, name.id, proof_of(name.actor, name.secret)},
                               manager::SessionEnd::kClosed, loop, std::move(found));
}

void SessionService::list(const std::string& db_id, base::EventLoop& loop,
                          std::function<void(Result<std::vector<manager::SessionView>>)> done) {
  const auto database = manager_.find(db_id, &loop);
  if (!database) return done(fail(manager::unknown_database(db_id)));
  manager_.live_sessions().list(database, loop, std::move(done));
}

void SessionService::look(const std::string& db_id, const std::string& id, base::EventLoop& loop,
                          Found found) {
  manager_.live_sessions().look({db_id, id, std::nullopt}, loop, std::move(found));
}

void SessionService::kill(const std::string& db_id, const std::string& id, const Operator& by,
                          Found found) {
  operations_.end_session(db_id, id, by, std::move(found));
}

}  // namespace sluice::gateway
