#include "manager/router.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "manager/shard.h"

namespace sluice::manager {
namespace {

constexpr std::chrono::milliseconds kLongestLook{1'100};

}  // namespace

Router::Waiter::Waiter(const Wish& wants, Chosen told, base::TimePoint now,
                       base::TimerQueue& timers, std::function<void()> on_late)
    : wish(wants), chosen(std::move(told)), began(now), late(timers, std::move(on_late)) {}

Router::Router(std::string db_id, std::shared_ptr<const TopologyView> view,
               Dependencies dependencies)
    : db_id_(std::move(db_id)),
      dependencies_(std::move(dependencies)),
      random_(dependencies_.seed),
      view_(std::move(view)) {}

Router::~Router() = default;

void Router::add(const std::shared_ptr<Shard>& shard) {
  shards_.push_back(shard);
  roles_.push_back(HostRole::kUnknown);
}

std::shared_ptr<Shard> Router::shard(std::size_t host) const { return shards_[host].lock(); }

/// A shard that is gone is being closed, and its callers refused elsewhere.
Routing Router::routing() const {
  const auto first = shard(0);
  static const RoutingOptions kDefaults;
  return {*view_, first ? first->options().routing : kDefaults, [this](std::size_t host) {
            const auto at = shard(host);
            return at ? HostLoad{static_cast<int>(at->executions().size()),
                                 at->breaker().refusing()}
                      : HostLoad{0, true};
          }};
}

Router::WaitId Router::route(const Wish& wish, base::Deadline deadline, Chosen chosen) {
  if (closed_) return chosen(fail(*closed_)), 0;
  used_ = true;
  const auto choice = routing().choose(wish, random_);
  if (choice.host) {
    auto at = shard(*choice.host);
    return chosen(at ? Result<std::shared_ptr<Shard>>(std::move(at)) : fail(none(wish, {}))), 0;
  }
  if (!choice.wait) return chosen(fail(none(wish, {}))), 0;
  const auto first = shard(0);
  const auto most = first ? first->options().pool.effective_max_waiters() : 0;
  if (waiting() >= most) return chosen(fail(too_many())), 0;
  const auto now = dependencies_.loop.now();
  const auto id = next_wait_++;
  auto& waiter = waiting_
                     .try_emplace(id, wish, std::move(chosen), now, dependencies_.loop.timers(),
                                  [this, id] { on_late(id); })
                     .first->second;
  const auto wait = first->options().routing.primary_wait;
  const auto patience =
      base::Deadline::after(now, view_->asleep ? std::max(wait, kLongestLook) : wait);
  waiter.late.arm(deadline.sooner(patience).at());
  if (view_->asleep) dependencies_.look_again();
  return id;
}

void Router::forget(WaitId wait) { waiting_.erase(wait); }

void Router::on_late(WaitId id) {
  const auto node = waiting_.extract(id);
  const Waiter& waiter = node.mapped();
  waiter.chosen(fail(none(waiter.wish, dependencies_.loop.now() - waiter.began)));
}

void Router::update(std::shared_ptr<const TopologyView> view) {
  const auto before = std::exchange(view_, std::move(view));
  if (std::exchange(used_, false)) dependencies_.used();
  act_on_roles(*before);
  serve();
}

void Router::act_on_roles(const TopologyView& before) {
  bool changed = before.primary != view_->primary;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    const HostRole role = view_->hosts[i].role;
    if (role == HostRole::kUnknown || role == roles_[i]) continue;
    changed = true;
    const bool was_known = std::exchange(roles_[i], role) != HostRole::kUnknown;
    if (const auto at = shard(i); at && was_known) at->reconnect();
  }
  if (!changed) return;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (const auto at = shard(i)) at->roles_changed();
  }
}

bool Router::misplaced(const Wish& wish, std::size_t host) const {
  const HostRole role = view_->hosts[host].role;
  if (role == HostRole::kConflict) return true;
  if (wish.route != Route::kPrimary) return false;
  return role == HostRole::kReplica || (view_->primary && *view_->primary != host);
}

/// Each once: one that is called may come back at once. Who waits for a host that has failed it
/// needs a look that is newer than that, and this one may have begun before, by another worker's
/// clock.
void Router::serve() {
  bool look_again = false;
  std::vector<WaitId> ids;
  for (const auto& [id, waiter] : waiting_) ids.push_back(id);
  for (const WaitId id : ids) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) continue;
    const auto choice = routing().choose(found->second.wish, random_);
    if (!choice.host && choice.wait) {
      look_again |= view_->primary && found->second.wish.avoid == view_->primary;
      continue;
    }
    const auto waiter = waiting_.extract(found);
    const auto at = choice.host ? shard(*choice.host) : nullptr;
    if (at) {
      waiter.mapped().chosen(at);
    } else {
      waiter.mapped().chosen(fail(none(waiter.mapped().wish, {})));
    }
  }
  if (look_again) dependencies_.look_again();
}

void Router::close(const Error& why) {
  closed_ = std::make_unique<Error>(why);
  for (const auto& [id, waiter] : std::exchange(waiting_, {})) waiter.chosen(fail(why));
}

Error Router::none(const Wish& wish, base::Duration waited) const {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
  std::string message = routing().explain(wish);
  if (ms > 0) message += "; waited " + std::to_string(ms) + " ms for one";
  if (wish.route == Route::kReplica)
    message += "; route prefer_replica would have asked the primary";
  return {.code = ErrorCode::kDatabaseUnavailable,
          .message = std::move(message),
          .fault = Fault::kDatabase,
          .retryable = true,
          .retry_after = std::chrono::seconds(1),
          .db_id = db_id_};
}

Error Router::too_many() const {
  return {.code = ErrorCode::kQueueFull,
          .message = "no host takes writes, and as many calls as may (" +
                     std::to_string(waiting()) + ") wait for one: " + view_->in_words(),
          .fault = Fault::kOverload,
          .retryable = true,
          .retry_after = std::chrono::seconds(1),
          .db_id = db_id_};
}

}  // namespace sluice::manager
