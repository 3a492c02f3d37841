#include "manager/live_sessions.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/gather.h"
#include "manager/client_sessions.h"
#include "manager/shard.h"

namespace sluice::manager {
namespace {

using Views = std::vector<SessionView>;

Views look_on(const DatabasePointer& database, const base::EventLoop* loop) {
  Views views;
  for (const auto& shard : database->shards) {
    if (&shard->loop() != loop) continue;
    for (const auto& [id, session] : shard->sessions().all()) views.push_back(session->look());
  }
  return views;
}

Views sorted(std::vector<Views> of_workers) {
  Views all;
  for (Views& views : of_workers) std::move(views.begin(), views.end(), std::back_inserter(all));
  std::ranges::stable_sort(all, std::ranges::greater(), &SessionView::age);
  return all;
}

std::shared_ptr<ClientSession> find_in(Shard& shard, const SessionName& name) {
  auto& sessions = shard.sessions();
  return name.proof ? sessions.find(name.id, *name.proof) : sessions.find(name.id);
}

}  // namespace

void LiveSessions::list(const DatabasePointer& database, base::EventLoop& reply_to,
                        std::function<void(Views)> done) const {
  base::gather<Views>(
      loops_, reply_to,
      [database, loops = loops_](std::size_t worker) { return look_on(database, loops[worker]); },
      [done = std::move(done)](std::vector<Views> of_workers) {
        done(sorted(std::move(of_workers)));
      });
}

void LiveSessions::visit(const SessionName& name, base::EventLoop& reply_to,
                         std::function<void(ClientSession&)> action, Found found) const {
  const auto database = registry_.find(name.db_id, nullptr);
  const auto number = shard_of_session(name.id);
  if (!database || !number || *number >= database->shards.size()) {
    return reply_to.post([found = std::move(found)] { found(std::nullopt); });
  }
  const auto shard = database->shards[*number];
  shard->loop().post(
      [shard, name, action = std::move(action), &reply_to, found = std::move(found)] {
        std::optional<SessionView> view;
        if (const auto session = find_in(*shard, name)) {
          view = session->look();
          action(*session);
        }
        reply_to.post([found, view] { found(view); });
      });
}

void LiveSessions::look(const SessionName& name, base::EventLoop& reply_to, Found found) const {
  visit(
      name, reply_to, [](ClientSession&) {}, std::move(found));
}

void LiveSessions::end(const SessionName& name, SessionEnd why, base::EventLoop& reply_to,
                       Found found) const {
  visit(
      name, reply_to, [why](ClientSession& session) { session.end(why); }, std::move(found));
}

}  // namespace sluice::manager
