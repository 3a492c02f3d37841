#include <algorithm>
#include <ostream>

#include "app/commands/commands.h"
#include "app/commands/declaration.h"
#include "app/terminal/figures.h"
#include "app/terminal/interrupt.h"
#include "app/terminal/screen.h"
#include "app/top/view.h"

namespace sluice::app::commands {
namespace {

using client::ExitStatus;
using client::Outcome;
using top::Snapshot;
using top::View;
using top::Wish;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience(2000);
constexpr std::chrono::milliseconds kBlink(200);  // how soon a new size of the window is noticed

struct TopOptions {
  std::string interval = "2s";
};

void declare(CLI::App& app, TopOptions& options) {
  app.add_option("-i,--interval", options.interval, "Between two looks, 500ms to 5s; 2s")
      ->type_name("TIME");
}

/// Keeps the old figures when the gateway cannot be asked: they are shown with their age.
void look(Session& session, Snapshot& snapshot, Clock::time_point& looked) {
  auto metrics =
      client::fetch(session.gateway, client::Request{.path = "/metrics", .patience = kPatience});
  if (!metrics) {
    snapshot.problem = metrics.error().message;
    return;
  }
  snapshot.problem.clear();
  snapshot.metrics = std::make_unique<client::Answer>(*std::move(metrics));
  auto queries = client::fetch(session.gateway,
                               client::Request{.path = "/admin/queries", .patience = kPatience});
  snapshot.queries.reset();
  if (queries) snapshot.queries = std::make_unique<client::Answer>(*std::move(queries));
  looked = Clock::now();
}

std::string cancel(Session& session, const std::string& id) {
  const auto done =
      client::fetch(session.gateway,
                    {.method = "DELETE", .path = "/admin/queries/" + client::percent_encoded(id)});
  return done ? "cancelled" : done.error().message;
}

/// Looks, draws and obeys keys until somebody has seen enough.
void watch(Session& session, View view, const std::atomic<bool>& stop) {
  terminal::Screen screen;
  Snapshot snapshot;
  auto looked = Clock::now();
  auto next = looked;
  while (!stop) {
    if (!view.paused && Clock::now() >= next) {
      look(session, snapshot, looked);
      next = Clock::now() + view.interval;
    }
    snapshot.age = Clock::now() - looked;
    screen.show(top::draw(view, snapshot, terminal::size(), session.terminal.colour));
    const auto key = screen.read_key(kBlink);
    if (!key) continue;
    const Wish wish = top::press(view, *key, snapshot);
    if (wish.kind == Wish::Kind::kQuit) return;
    if (wish.kind == Wish::Kind::kCancel) view.message = cancel(session, wish.query_id);
    if (wish.kind != Wish::Kind::kNothing) next = Clock::now();
  }
}

Outcome<ExitStatus> run_top(Session& session, const TopOptions& options) {
  if (!session.terminal.in_is_terminal || !session.terminal.out_is_terminal) {
    return client::failed(ExitStatus::kFailure,
                          "`sluice top` needs a terminal; for a file there is `sluice status`");
  }
  const auto interval = terminal::read_duration(options.interval);
  if (!interval) return tl::unexpected(interval.error());
  // Whoever cannot ask at all is told why, without a screen that says nothing.
  auto first = client::fetch(session.gateway, "/metrics");
  if (!first) return tl::unexpected(first.error());
  View view;
  view.interval =
      std::clamp(*interval, std::chrono::milliseconds(500), std::chrono::milliseconds(5000));
  const terminal::InterruptGuard guard;
  watch(session, std::move(view), guard.flag());
  return guard.flag() ? ExitStatus::kInterrupted : ExitStatus::kOk;
}

}  // namespace

void declare_top(Declarations& declarations) {
  declarations.add<TopOptions>({.name = "top",
                                .group = kWatching,
                                .description = "Watch databases and queries live",
                                .examples = R"(Examples:
  sluice top
  sluice top --interval 500ms

Keys: q end, Space pause, + and - look less or more often, / filter, Up and Down select a query,
C cancel it, a n r e w l order by attention, name, requests, errors, waiting, latency, ? help.)"},
                               declare, run_top);
}

}  // namespace sluice::app::commands
