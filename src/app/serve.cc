#include "app/serve.h"

#include <malloc.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/reload_orders.h"
#include "app/service.h"
#include "app/service_manager.h"
#include "app/watchdog.h"

namespace sluice::app {
namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kPollEvery{20};

bool ends(int signal_number) { return signal_number == SIGTERM || signal_number == SIGINT; }

/// SIGTERM, SIGINT, SIGHUP and that of the reload orders, taken one by one by the main thread;
/// blocked everywhere.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (int number : {SIGTERM, SIGINT, SIGHUP, ReloadOrders::signal_number()})
      sigaddset(&set_, number);
  }

  void block() const { pthread_sigmask(SIG_BLOCK, &set_, nullptr); }

  [[nodiscard]] int wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0) {
    }
    return number;
  }

  /// Whether a signal that ends us came within that time; others are `otherwise`, and do not
  /// shorten it.
  [[nodiscard]] bool ending_within(milliseconds time,
                                   const std::function<void()>& otherwise) const {
    const auto until = Clock::now() + time;
    for (auto left = time; left.count() > 0; left = ceil<milliseconds>(until - Clock::now())) {
      timespec patience{};
      patience.tv_sec = left.count() / 1000;
      patience.tv_nsec = left.count() % 1000 * 1'000'000;
      const int number = sigtimedwait(&set_, nullptr, &patience);
      if (ends(number)) return true;
      if (number > 0) otherwise();
    }
    return false;
  }

 private:
  sigset_t set_{};
};

/// Results of some 100 KB come and go all the time. Giving their memory back to the kernel in
/// between is paid for in page faults.
void keep_freed_memory() {
  constexpr int kMebibyte = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, 8 * kMebibyte);
  mallopt(M_TRIM_THRESHOLD, 32 * kMebibyte);  // of each thread
}

/// From when it serves until it has drained, if the service manager wants to know.
std::unique_ptr<Watchdog> watch(const Service& service, const ServiceManager& manager) {
  const auto patience = manager.patience();
  if (!patience) return nullptr;
  constexpr int kSignsWithinPatience = 3;
  return std::make_unique<Watchdog>(service.workers(), *patience / kSignsWithinPatience,
                                    [manager] { manager.alive(); });
}

void serve_orders(Service& service, ReloadOrders& orders, const Reload& read_again) {
  for (const auto& order : orders.take()) order.done(service.reload(read_again(), order));
}

/// Lets what has begun end, reloads as well; the second signal ends it at once.
void drain(Service& service, Log& log, const Signals& signals, const std::function<void()>& obey) {
  const auto config = service.config().server;  // a reload may replace it
  const auto give_up = Clock::now() + config.drain_delay + config.drain_timeout;
  service.announce_drain();
  log.info("draining; a second signal stops at once",
           {{"drain_delay_ms", config.drain_delay.count()},
            {"drain_timeout_ms", config.drain_timeout.count()}});
  if (signals.ending_within(config.drain_delay, obey)) return;
  service.stop_accepting();
  while (!service.idle() && Clock::now() < give_up) {
    if (signals.ending_within(kPollEvery, obey)) return;
  }
}

}  // namespace

void block_stop_signals() { Signals().block(); }

int serve(const config::LoadResult& loaded, Log& log, const Reload& read_again) {
  const Signals signals;
  keep_freed_memory();
  auto service = Service::create(loaded, log);
  if (!service) {
    log.error("cannot start", {{"error", service.error().message}});
    return 1;
  }
  ReloadOrders orders;  // ends before the service: what is left in it still knows its worker
  (*service)->on_reload_order(
      [&orders](gateway::ReloadOrder order) { orders.put(std::move(order)); });
  if (const auto started = (*service)->start(); !started) {
    log.error("cannot start", {{"error", started.error().message}});
    return 1;
  }
  log.info("listening", {{"address", (*service)->address()},
                         {"databases", static_cast<std::int64_t>(loaded.config.databases.size())}});
  log.flush();
  const ServiceManager manager;
  const auto watchdog = watch(**service, manager);
  const std::string serving = "serving at " + (*service)->address();
  manager.ready(serving);
  for (int number = signals.wait(); !ends(number); number = signals.wait()) {
    manager.reloading();
    if (number == SIGHUP) (*service)->reload(read_again(), {.actor = "SIGHUP"});
    serve_orders(**service, orders, read_again);
    manager.ready(serving);
  }
  manager.stopping();
  drain(**service, log, signals, [&] { serve_orders(**service, orders, read_again); });
  (*service)->stop(milliseconds(0));
  log.info("stopped");
  return 0;
}

}  // namespace sluice::app
