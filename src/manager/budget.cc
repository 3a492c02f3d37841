#include "manager/budget.h"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

namespace sluice::manager {
namespace {

// A pool in which nothing has moved for so long is quiet: what lies idle there is taken first.
constexpr std::chrono::seconds kQuietAfter{1};
// How often a pool that waits has one more of the others asked.
constexpr std::chrono::milliseconds kAskEvery{100};

}  // namespace

// --- the budget --------------------------------------------------------------------------------

std::shared_ptr<BudgetMember> Budget::join(base::EventLoop& loop, const std::string& server) {
  if (!limited()) return nullptr;
  auto member = std::make_shared<BudgetMember>(shared_from_this(), loop, server);
  const std::lock_guard lock(mutex_);
  members_.push_back(member.get());
  ++servers_[server].members;
  return member;
}

Budget::Usage Budget::usage() const {
  const std::lock_guard lock(mutex_);
  return {taken_, limits_.total, static_cast<int>(urgent_.size() + patient_.size())};
}

bool Budget::try_take(BudgetMember& member, bool urgent) {
  const std::lock_guard lock(mutex_);
  if (member.reserved_ > 0) {
    --member.reserved_;
    return true;
  }
  // Nobody is passed by: whoever waits does so because there is no room for it.
  if (has_room(member)) {
    take(member);
    return true;
  }
  enqueue(member, urgent);
  if (urgent) ask_one_for(member);
  return false;
}

void Budget::give_back(BudgetMember& member) {
  const std::lock_guard lock(mutex_);
  member.asked_ = false;
  release(member);
  hand_out();
}

void Budget::give_up(BudgetMember& member) {
  const std::lock_guard lock(mutex_);
  for (; member.reserved_ > 0; --member.reserved_) release(member);
  hand_out();
}

void Budget::ask_others(BudgetMember& member) {
  const std::lock_guard lock(mutex_);
  ask_one_for(member);
}

void Budget::withdraw(BudgetMember& member) {
  const std::lock_guard lock(mutex_);
  remove(member);
}

void Budget::leave(BudgetMember& member) {
  const std::lock_guard lock(mutex_);
  remove(member);
  members_.remove(&member);
  const auto server = servers_.find(member.server_);
  if (--server->second.members == 0) servers_.erase(server);
}

bool Budget::has_room(const BudgetMember& member) const {
  if (limits_.total > 0 && taken_ >= limits_.total) return false;
  return limits_.per_server == 0 || servers_.at(member.server_).taken < limits_.per_server;
}

void Budget::take(BudgetMember& member) {
  ++taken_;
  ++servers_[member.server_].taken;
  ++member.held_;
  member.turn_ = ++turns_;
}

void Budget::release(BudgetMember& member) {
  --taken_;
  --servers_[member.server_].taken;
  --member.held_;
}

void Budget::enqueue(BudgetMember& member, bool urgent) {
  remove(member);
  (urgent ? urgent_ : patient_).push_back(&member);
  urgent_count_ = static_cast<int>(urgent_.size());
}

void Budget::remove(BudgetMember& member) {
  std::erase(urgent_, &member);
  std::erase(patient_, &member);
  urgent_count_ = static_cast<int>(urgent_.size());
}

void Budget::hand_out() {
  hand_out(urgent_);
  hand_out(patient_);
  urgent_count_ = static_cast<int>(urgent_.size());
}

void Budget::hand_out(Queue& queue) {
  for (auto it = queue.begin(); it != queue.end();) {
    BudgetMember& member = **it;
    if (!has_room(member)) {
      ++it;
      continue;
    }
    it = queue.erase(it);
    take(member);
    ++member.reserved_;
    member.loop_.post([weak = member.weak_from_this()] {
      if (const auto told = weak.lock()) told->told_of_room();
    });
  }
}

void Budget::ask_one_for(const BudgetMember& member) {
  BudgetMember* const other = best_to_ask(member);
  if (!other) return;
  other->asked_ = true;
  other->turn_ = ++turns_;
  other->loop_.post([weak = other->weak_from_this()] {
    if (const auto told = weak.lock()) told->told_to_yield();
  });
}

/// What has been idle for longest, if anything is; else of whoever has most, if that is more than
/// the one who asks will have; among equals, the one who was served or asked longest ago.
BudgetMember* Budget::best_to_ask(const BudgetMember& member) const {
  const auto quiet_before = (member.loop_.now() - kQuietAfter).time_since_epoch().count();
  const bool of_server =
      limits_.per_server > 0 && servers_.at(member.server_).taken >= limits_.per_server;
  BudgetMember* best = nullptr;
  const auto rank = [&](const BudgetMember& one) {
    const auto since = one.quiet_since_.load();
    const bool quiet = one.idle_ > 0 && since <= quiet_before;
    return std::tuple(quiet ? 0 : 1, quiet ? since : 0, -one.held_, one.turn_);
  };
  for (BudgetMember* const one : members_) {
    if (one == &member || one->asked_ || one->held_ - one->reserved_ <= 0) continue;
    if (of_server && one->server_ != member.server_) continue;
    const bool quiet = std::get<0>(rank(*one)) == 0;
    const bool has_more = one->held_ > member.held_ + 1 || member.held_ == 0;
    if (!quiet && !has_more) continue;
    if (!best || rank(*one) < rank(*best)) best = one;
  }
  return best;
}

// --- a member ----------------------------------------------------------------------------------

BudgetMember::BudgetMember(std::shared_ptr<Budget> budget, base::EventLoop& loop,
                           std::string server)
    : budget_(std::move(budget)),
      loop_(loop),
      server_(std::move(server)),
      again_(loop.timers(), [this] { ask_again(); }) {}

BudgetMember::~BudgetMember() { budget_->leave(*this); }

void BudgetMember::serve(pool::Pool* pool) {
  pool_ = pool;
  if (pool) return;
  stop_waiting();
  may_take_ = false;
  budget_->give_up(*this);
}

bool BudgetMember::try_take(bool urgent) {
  wants_ = true;
  const bool waits_well = waiting_ == Waiting::kUrgently || (waiting_ != Waiting::kNot && !urgent);
  if (waits_well && !may_take_) return false;
  const bool taken = budget_->try_take(*this, urgent);
  may_take_ = false;
  waiting_ = taken ? Waiting::kNot : urgent ? Waiting::kUrgently : Waiting::kPatiently;
  if (waiting_ == Waiting::kUrgently) again_.arm(loop_.now() + kAskEvery);
  if (waiting_ != Waiting::kUrgently) again_.disarm();
  return taken;
}

bool BudgetMember::should_yield() {
  if (!asked_.load(std::memory_order_relaxed)) return false;
  if (budget_->urgent_count_ > 0) return true;
  asked_ = false;
  return false;
}

void BudgetMember::idle_changed(int idle) {
  idle_.store(idle, std::memory_order_relaxed);
  quiet_since_.store(loop_.now().time_since_epoch().count(), std::memory_order_relaxed);
}

void BudgetMember::told_of_room() {
  waiting_ = Waiting::kNot;
  again_.disarm();
  may_take_ = true;
  if (pool_) pool_->budget_changed();
  may_take_ = false;
  budget_->give_up(*this);
}

void BudgetMember::told_to_yield() {
  if (pool_ && should_yield()) pool_->yield_connection();
}

/// Whoever no longer wants anything leaves the queue.
void BudgetMember::ask_again() {
  wants_ = false;
  if (pool_) pool_->budget_changed();
  if (!wants_) return stop_waiting();
  if (waiting_ != Waiting::kUrgently) return;
  budget_->ask_others(*this);
  again_.arm(loop_.now() + kAskEvery);
}

void BudgetMember::stop_waiting() {
  waiting_ = Waiting::kNot;
  again_.disarm();
  budget_->withdraw(*this);
}

}  // namespace sluice::manager
