#include "manager/fan_out.h"

#include <algorithm>
#include <utility>

namespace sluice::manager {
namespace {

bool matches(const std::map<std::string, std::string>& selector,
             const std::map<std::string, std::string>& labels) {
  return std::all_of(selector.begin(), selector.end(), [&labels](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

/// Whether the deadline of the whole left a leg less time than it would have had.
bool is_hurried(Manager& manager, const FanOutRun::Order& order, const std::string& db_id,
                base::TimePoint began) {
  if (!order.deadline) return false;
  const auto database = manager.find(db_id, nullptr);
  const auto usual = database ? database->options.query.timeout : QueryLimits{}.timeout;
  return order.deadline->at() < began + order.query.timeout.value_or(usual);
}

/// What was too short was not the leg's own time.
void blame_deadline(Error& error) {
  if (error.code != ErrorCode::kQueryTimeout || error.fault != Fault::kOverload) return;
  error.message =
      "the statement was cancelled because the fan-out's deadline had come; raise deadline_ms, or "
      "make the statement cheaper";
}

}  // namespace

Result<std::vector<std::string>> resolve_targets(const FanOutTargets& targets,
                                                 const Manager& manager) {
  const int given =
      int{!targets.db_ids.empty()} + int{!targets.selector.empty()} + int{targets.all};
  if (given != 1) {
    return fail(invalid_request("say where to: exactly one of db_ids, selector and all",
                                {{"db_ids", "give exactly one of db_ids, selector and all"}}));
  }
  if (!targets.db_ids.empty()) return targets.db_ids;
  std::vector<std::string> ids;
  for (const auto& database : manager.databases()) {
    if (targets.all || matches(targets.selector, database->options.labels)) {
      ids.push_back(database->db_id);
    }
  }
  return ids;
}

FanOutRun::FanOutRun(Manager& manager, base::EventLoop& loop, Order order)
    : manager_(manager), loop_(loop), order_(std::move(order)), handles_(order_.db_ids.size()) {}

void FanOutRun::start() {
  if (order_.db_ids.empty()) return order_.done();
  const auto self = shared_from_this();  // legs that are refused at once may end everything
  const std::size_t all = order_.db_ids.size();
  const auto at_once =
      order_.concurrency > 0 ? std::min(static_cast<std::size_t>(order_.concurrency), all) : all;
  for (std::size_t i = 0; i < at_once; ++i) start_next();
}

void FanOutRun::cancel() {
  cancelled_ = true;
  for (const CallHandle& handle : handles_) handle.cancel();
}

void FanOutRun::start_next() {
  if (next_ < order_.db_ids.size()) start_leg(next_++);
}

void FanOutRun::start_leg(std::size_t leg) {
  const auto began = std::max(loop_.now(), order_.started_at);
  if (cancelled_) {
    Error error{.code = ErrorCode::kCancelled,
                .message = "the fan-out was cancelled",
                .db_id = order_.db_ids[leg]};
    return leg_ended(leg, began, fail(std::move(error)));
  }
  Call call;
  call.db_id = order_.db_ids[leg];
  call.query = order_.query;
  call.sink = order_.make_sink(leg);
  call.reply_to = &loop_;
  call.started_at = began;
  call.deadline = order_.deadline;
  call.origin = order_.origin;
  call.done = [self = shared_from_this(), leg, began](Result<Completion> result) {
    self->leg_ended(leg, began, std::move(result));
  };
  handles_[leg] = manager_.execute(std::move(call));
}

void FanOutRun::leg_ended(std::size_t leg, base::TimePoint began, Result<Completion> result) {
  ++ended_;
  if (!result && is_hurried(manager_, order_, order_.db_ids[leg], began)) {
    blame_deadline(result.error());
  }
  order_.leg_done(leg, std::move(result), loop_.now() - began);
  if (ended_ == order_.db_ids.size()) return order_.done();
  // From the loop: a long list of refusals must not become a deep recursion.
  if (next_ < order_.db_ids.size()) {
    loop_.post([self = shared_from_this()] { self->start_next(); });
  }
}

}  // namespace sluice::manager
