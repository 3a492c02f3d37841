#include "manager/live_calls.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>
#include <utility>

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

std::vector<LiveCall> look(const std::vector<DatabasePointer>& databases,
                           const base::EventLoop* loop, std::size_t worker) {
  std::vector<LiveCall> calls;
  visit(databases, loop, [&](const Execution& execution) {
    auto call = execution.look();
    if (!call) return;
    call->id = id_of(worker, call->number);
    calls.push_back(std::move(*call));
  });
  return calls;
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
  struct Gathering {
    std::vector<DatabasePointer> databases;
    std::vector<std::vector<LiveCall>> of_worker;
    std::atomic<std::size_t> left;
    std::function<void(std::vector<LiveCall>)> done;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->databases = registry_.all();
  if (!db_id.empty()) {
    std::erase_if(gathering->databases, [&](const auto& one) { return one->db_id != db_id; });
  }
  gathering->of_worker.resize(loops_.size());
  gathering->left = loops_.size();
  gathering->done = std::move(done);
  const auto finish = [gathering] {
    std::vector<LiveCall> all;
    for (auto& calls : gathering->of_worker)
      std::move(calls.begin(), calls.end(), std::back_inserter(all));
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.elapsed > b.elapsed; });
    gathering->done(std::move(all));
  };
  for (std::size_t worker = 0; worker < loops_.size(); ++worker) {
    loops_[worker]->post([gathering, worker, loop = loops_[worker], &reply_to, finish] {
      gathering->of_worker[worker] = look(gathering->databases, loop, worker);
      if (gathering->left.fetch_sub(1) == 1) reply_to.post(finish);
    });
  }
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
