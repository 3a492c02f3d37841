#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "app/bench/steps.h"
#include "app/commands/bench_options.h"
#include "app/commands/listing.h"
#include "app/terminal/interrupt.h"

namespace sluice::app::commands {
namespace {

using bench::Step;
using client::ExitStatus;
using client::Outcome;

constexpr int kMostUsers = 4096;

std::string path_of(const std::string& db_id) {
  return "/databases/" + client::percent_encoded(db_id);
}

Outcome<void> set_pool_size(Session& session, const std::string& db_id, int size, int minimum) {
  const std::string body =
      fmt::format(R"({{"pool":{{"max_size":{},"min_size":{}}}}})", size, std::min(size, minimum));
  const auto answer =
      client::fetch(session.gateway, {.method = "PATCH", .path = path_of(db_id), .body = body});
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

/// Remembers the size of a pool and puts it back at the end.
class OldPoolSize {
 public:
  OldPoolSize(Session& session, std::string db_id, int size, int minimum)
      : session_(session), db_id_(std::move(db_id)), size_(size), minimum_(minimum) {}
  OldPoolSize(const OldPoolSize&) = delete;
  OldPoolSize& operator=(const OldPoolSize&) = delete;
  ~OldPoolSize() {
    const auto done = set_pool_size(session_, db_id_, size_, minimum_);
    auto& err = session_.terminal.err;
    if (done) {
      err << fmt::format("the pool has its old size again: {}\n", size_);
    } else {
      err << fmt::format("the pool's old size, {}, could not be put back: {}\n", size_,
                         done.error().message);
    }
  }

 private:
  Session& session_;
  std::string db_id_;
  int size_;
  int minimum_;
};

void show_steps(Session& session, const std::string& name, const std::string& title,
                const std::vector<Step>& steps) {
  if (session.format == Format::kTable) {
    session.terminal.out << bench::draw_steps(title, steps);
  } else {
    write_line(session, bench::steps_to_json(name, steps));
  }
}

void say(Session& session, const std::string& words) {
  if (session.terminal.err_is_terminal) session.terminal.err << words << "\n" << std::flush;
}

void name_the_best(Session& session, const std::vector<Step>& steps, int users) {
  const Step* best = bench::best_size(steps);
  if (best == nullptr || session.format != Format::kTable) return;
  const bool largest = std::none_of(steps.begin(), steps.end(),
                                    [&](const Step& step) { return step.size > best->size; });
  session.terminal.out << fmt::format(
      "best: pool.max_size {} for {} users; {}\n", best->size, users,
      largest ? "no larger pool was tried" : "larger pools give at most 5 % more");
}

/// Of a load that is too much for nobody, but that nothing answers.
Outcome<ExitStatus> nothing_succeeded(const Step& step) {
  return client::failed(ExitStatus::kFailure,
                        fmt::format("no request succeeded, {} at once: {}", step.size,
                                    step.report.measured.first_failure));
}

/// Whether the gateway refused something: the limit is found.
bool was_refused(const bench::Measured& measured) {
  return std::any_of(measured.failures.begin(), measured.failures.end(), [](const auto& failure) {
    return failure.first == "queue_full" || failure.first == "acquire_timeout" ||
           failure.first == "overloaded" || failure.first == "breaker_open";
  });
}

}  // namespace

Outcome<ExitStatus> sweep_pool(Session& session, BenchPlan plan, const std::vector<int>& sizes) {
  const auto database = client::fetch(session.gateway, path_of(plan.db_id));
  if (!database) return tl::unexpected(database.error());
  const auto number = [&](const char* path) {
    return static_cast<int>(number_at(database->root(), path));
  };
  const int minimum = number("settings.pool.min_size");
  const terminal::InterruptGuard guard;
  const OldPoolSize old(session, plan.db_id, number("settings.pool.max_size"), minimum);
  std::vector<Step> steps;
  for (const int size : sizes) {
    if (guard.flag()) break;
    say(session, fmt::format("pool.max_size {}", size));
    if (auto set = set_pool_size(session, plan.db_id, size, minimum); !set) {
      return tl::unexpected(set.error());
    }
    bench::Report report = measure(session, plan, guard.flag());
    if (!guard.flag()) steps.push_back({size, std::move(report)});
  }
  show_steps(session, "pool_size", "POOL", steps);
  name_the_best(session, steps, plan.load.users);
  return guard.flag() ? ExitStatus::kInterrupted : ExitStatus::kOk;
}

Outcome<ExitStatus> walk_to_limit(Session& session, BenchPlan plan) {
  const terminal::InterruptGuard guard;
  std::vector<Step> steps;
  for (int users = 1; users <= kMostUsers && !guard.flag(); users *= 2) {
    say(session, fmt::format("{} users", users));
    plan.load.users = users;
    bench::Report report = measure(session, plan, guard.flag());
    if (guard.flag()) break;
    steps.push_back({users, std::move(report)});
    const auto& measured = steps.back().report.measured;
    if (was_refused(measured) || measured.succeeded == 0) break;
  }
  show_steps(session, "users", "USERS", steps);
  const bool refused = !steps.empty() && was_refused(steps.back().report.measured);
  if (session.format == Format::kTable && refused) {
    session.terminal.out << fmt::format("limit: with {} users some were refused: {}\n",
                                        steps.back().size,
                                        steps.back().report.measured.first_failure);
  }
  const bool dead = !steps.empty() && steps.back().report.measured.succeeded == 0;
  if (dead && !refused) return nothing_succeeded(steps.back());
  return guard.flag() ? ExitStatus::kInterrupted : ExitStatus::kOk;
}

}  // namespace sluice::app::commands
