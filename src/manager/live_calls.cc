#include "manager/live_calls.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <utility>

#include "base/gather.h"
#include "manager/execution.h"
#include "manager/shard.h"

namespace sluice::manager {
namespace {

struct CallName {
  std::size_t worker = 0;
  std::uint64_t number = 0;
};

/// Reads "w0-123".
std::optional<CallName> parse_id(std::string_view id) {
  CallName name;
  const char* end = id.data() + id.size();
  if (!id.starts_with('w')) return std::nullopt;
  const auto worker = std::from_chars(id.data() + 1, end, name.worker);
  if (worker.ec != std::errc() || worker.ptr == end || *worker.ptr != '-') return std::nullopt;
  const auto number = std::from_chars(worker.ptr + 1, end, name.number);
  if (number.ec != std::errc() || number.ptr != end) return std::nullopt;
  return name;
}

std::string id_of(std::size_t worker, std::uint64_t number) {
  return "w" + std::to_string(worker) + "-" + std::to_string(number);
}

/// Visits every execution of these databases that lives on the loop, on its thread.
template <typename Visit>
void visit(const std::vector<DatabasePointer>& databases, const base::EventLoop* loop,
           Visit visitor) {
  for (const auto& database : databases) {
    for (const auto& shard : database->shards) {
      if (&shard->loop() != loop) continue;
      for (Execution* execution : shard->executions()) visitor(*execution);
    }
  }
}

using Calls = std::vector<LiveCall>;

Calls look(const std::vector<DatabasePointer>& databases, const base::EventLoop* loop,
           std::size_t worker) {
  Calls calls;
  visit(databases, loop, [&](const Execution& execution) {
    auto call = execution.look();
    if (!call) return;
    call->id = id_of(worker, call->number);
    calls.push_back(std::move(*call));
  });
  return calls;
}

/// The oldest first.
Calls sorted(std::vector<Calls>& of_worker) {
  Calls all;
  for (Calls& calls : of_worker) std::move(calls.begin(), calls.end(), std::back_inserter(all));
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.elapsed > b.elapsed; });
  return all;
}

std::optional<LiveCall> cancel_number(const std::vector<DatabasePointer>& databases,
                                      const base::EventLoop* loop, std::uint64_t number,
                                      const std::string& actor) {
  std::shared_ptr<Execution> found;
  std::optional<LiveCall> call;
  visit(databases, loop, [&](Execution& execution) {
    auto seen = execution.look();
    if (!seen || seen->number != number) return;
    found = execution.shared_from_this();
    call = std::move(seen);
  });
  if (found) found->cancel_by(actor);
  return call;
}

}  // namespace

void LiveCalls::list(const std::string& db_id, base::EventLoop& reply_to,
                     std::function<void(std::vector<LiveCall>)> done) const {
  auto databases = registry_.all();
  if (!db_id.empty()) {
    std::erase_if(databases, [&](const auto& one) { return one->db_id != db_id; });
  }
  base::gather<Calls>(
      loops_, reply_to,
      [databases = std::move(databases), loops = loops_](std::size_t worker) {
        return look(databases, loops[worker], worker);
      },
      [done = std::move(done)](std::vector<Calls> of_worker) { done(sorted(of_worker)); });
}

void LiveCalls::cancel(std::string_view id, const std::string& actor, base::EventLoop& reply_to,
                       std::function<void(std::optional<LiveCall>)> done) const {
  const auto name = parse_id(id);
  if (!name || name->worker >= loops_.size()) {
    return reply_to.post([done = std::move(done)] { done(std::nullopt); });
  }
  base::EventLoop* loop = loops_[name->worker];
  loop->post([databases = registry_.all(), loop, number = name->number, actor, id = std::string(id),
              &reply_to, done = std::move(done)] {
    auto call = cancel_number(databases, loop, number, actor);
    if (call) call->id = id;
    reply_to.post([done, call = std::move(call)] { done(call); });
  });
}

}  // namespace sluice::manager
