#include <fmt/format.h>
#include <sys/resource.h>

#include <ostream>

#include "app/bench/pool_watch.h"
#include "app/bench/report.h"
#include "app/client/problem.h"
#include "app/commands/bench_options.h"
#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/commands/listing.h"
#include "app/terminal/figures.h"
#include "app/terminal/interrupt.h"

namespace sluice::app::commands {
namespace {

using bench::Measured;
using client::ExitStatus;
using client::Outcome;
using Seconds = std::chrono::duration<double>;

constexpr const char* kDefaultSizes = "1,2,4,6,8,12,16,24,32";

void declare_load(CLI::App& app, BenchOptions& options) {
  app.add_option("-u,--users", options.users, "Each sends one request at a time; 10")
      ->type_name("N")
      ->check(CLI::Range(1, 5000));
  auto* requests =
      app.add_option("-n,--requests", options.requests, "How many in all, instead of a duration")
          ->type_name("N")
          ->check(CLI::PositiveNumber);
  app.add_option("-d,--duration", options.duration, "How long; 10s")
      ->type_name("TIME")
      ->excludes(requests);
  app.add_option("-r,--rate", options.rate,
                 "Requests in a second, even if the answers are late; else as fast as they come")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--warm-up", options.warm_up, "Load that is not counted, before; 1s, or none")
      ->type_name("TIME");
  app.add_option("--timeout", options.timeout, "Of one request; 10s")->type_name("TIME");
}

void declare(CLI::App& app, BenchOptions& options) {
  app.add_option("DB", options.db_id, "The database")->required();
  app.add_option("SQL", options.sql, "The statement")->required();
  app.add_option("-p,--param", options.params, "Value of $1, then $2, …: JSON, else text")
      ->type_name("VALUE")
      ->allow_extra_args(false);
  app.add_flag("--write", options.write, "Let the statement write");
  declare_load(app, options);
  app.add_option("--fail-if", options.thresholds,
                 "What must hold: p99<20ms, mean<5ms, errors<1%, rate>1000; else exit status 99")
      ->type_name("RULE")
      ->allow_extra_args(false);
  auto* sweep = app.add_option("--sweep-pool", options.sweep,
                               "Try these sizes of the pool (1,2,4), and name the best one")
                    ->type_name("SIZES")
                    ->expected(0, 1)
                    ->default_str(kDefaultSizes);
  app.add_flag("--pool-limit", options.pool_limit, "Double the users until some are refused")
      ->excludes(sweep);
}

/// A line that is written over; only on a terminal.
void show_progress(Session& session, const bench::Plan& plan, Seconds elapsed,
                   std::int64_t answered) {
  if (!session.terminal.err_is_terminal) return;
  const double done = plan.requests > 0
                          ? static_cast<double>(answered) / static_cast<double>(plan.requests)
                          : elapsed / plan.duration;
  const double rate = static_cast<double>(answered) / std::max(0.001, elapsed.count());
  session.terminal.err << fmt::format("\r\x1b[K{:>5} {:3.0f}%  {} answers  {}/s",
                                      terminal::duration(elapsed), 100 * std::min(done, 1.0),
                                      answered, terminal::count(rate))
                       << std::flush;
}

void clear_progress(Session& session) {
  if (session.terminal.err_is_terminal) session.terminal.err << "\r\x1b[K" << std::flush;
}

/// Every user has a connection, and many systems allow 1,024 files unless asked for more.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// What does not work once would not work ten thousand times.
Outcome<void> try_once(Session& session, const bench::Plan& plan) {
  const auto answer = client::fetch(session.gateway, plan.request);
  if (answer) return {};
  client::Failure failure = answer.error();
  failure.message = "the first request failed; nothing was measured\n" + failure.message;
  return tl::unexpected(std::move(failure));
}

Outcome<ExitStatus> run_once(Session& session, const BenchPlan& plan) {
  const terminal::InterruptGuard guard;
  const bench::Report report = measure(session, plan, guard.flag());
  if (session.format == Format::kTable) {
    session.terminal.out << bench::to_text(report, session.terminal.colour);
  } else {
    write_line(session, bench::to_json(report));
  }
  if (guard.flag()) return ExitStatus::kInterrupted;
  return bench::all_met(report) ? ExitStatus::kOk : ExitStatus::kThreshold;
}

Outcome<ExitStatus> run_bench(Session& session, const BenchOptions& options) {
  const auto plan = plan_of(options);
  if (!plan) return tl::unexpected(plan.error());
  const auto sizes = sizes_in(options.sweep.empty() ? kDefaultSizes : options.sweep);
  if (!sizes) return tl::unexpected(sizes.error());
  allow_many_files();
  if (auto works = try_once(session, plan->load); !works) return tl::unexpected(works.error());
  if (!options.sweep.empty()) return sweep_pool(session, *plan, *sizes);
  return options.pool_limit ? walk_to_limit(session, *plan) : run_once(session, *plan);
}

}  // namespace

bench::Report measure(Session& session, const BenchPlan& plan, const std::atomic<bool>& stop) {
  const auto silent = [](Seconds, std::int64_t) {};
  if (plan.warm_up.count() > 0) {
    bench::Plan warm_up = plan.load;
    warm_up.requests = 0;
    warm_up.duration = plan.warm_up;
    (void)bench::run_load(warm_up, session.open_another, stop, silent);
  }
  bench::PoolWatch pool(session.open_another(nullptr), plan.db_id);
  Measured measured = bench::run_load(plan.load, session.open_another, stop,
                                      [&](Seconds elapsed, std::int64_t answered) {
                                        pool.look();
                                        show_progress(session, plan.load, elapsed, answered);
                                      });
  clear_progress(session);
  bench::Report report = bench::make_report(std::move(measured), pool.peak(), plan.load);
  report.thresholds = plan.thresholds;
  return report;
}

void declare_bench(Declarations& declarations) {
  declarations.add<BenchOptions>(
      {.name = "bench",
       .group = kMeasuring,
       .description = "Put a database under load through the gateway, and measure",
       .examples = R"(Examples:
  sluice bench orders 'SELECT * FROM items WHERE id = $1' -p 42 --users 50
  sluice bench orders 'SELECT 1' --users 100 --requests 50000
  sluice bench orders 'SELECT 1' --rate 500 --duration 1m --fail-if 'p99<20ms' --fail-if 'errors<1%'
  sluice bench orders 'SELECT count(*) FROM items' --users 64 --duration 3s --sweep-pool 2,4,8,16
  sluice bench orders 'SELECT pg_sleep(0.01)' --duration 2s --pool-limit

Percentiles are corrected for coordinated omission. Exit status 99: a rule of --fail-if was broken.)"},
      declare, run_bench);
}

}  // namespace sluice::app::commands
