#include "app/serve.h"

#include <signal.h>

#include <cerrno>
#include <chrono>
#include <ctime>
#include <memory>
#include <string>

#include "app/service.h"
#include "app/service_manager.h"
#include "app/watchdog.h"

namespace sluice::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPollEvery{20};

/// SIGTERM, SIGINT and SIGHUP, taken one by one by the main thread; blocked everywhere.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
  }

  void block() const { pthread_sigmask(SIG_BLOCK, &set_, nullptr); }

  [[nodiscard]] int wait() const {
    int number = 0;
    while (sigwait(&set_, &number) != 0) {
    }
    return number;
  }

  /// Whether a signal that ends us came within that time.
  [[nodiscard]] bool ending_within(milliseconds time) const {
    timespec patience{};
    patience.tv_sec = time.count() / 1000;
    patience.tv_nsec = time.count() % 1000 * 1'000'000;
    const int number = sigtimedwait(&set_, nullptr, &patience);
    return number == SIGTERM || number == SIGINT;
  }

 private:
  sigset_t set_{};
};

/// From when it serves until it has drained, if the service manager wants to know.
std::unique_ptr<Watchdog> watch(const Service& service, const ServiceManager& manager) {
  const auto patience = manager.patience();
  if (!patience) return nullptr;
  constexpr int kSignsWithinPatience = 3;
  return std::make_unique<Watchdog>(service.workers(), *patience / kSignsWithinPatience,
                                    [manager] { manager.alive(); });
}

void reload(Service& service, Log& log, const Reload& read_again) {
  const auto loaded = read_again();
  for (const auto& mistake : loaded.mistakes) {
    log.error("the configuration was not reloaded; nothing has changed",
              {{"where", mistake.where}, {"mistake", mistake.message}});
  }
  if (!loaded.mistakes.empty()) return;
  if (const auto reloaded = service.reload(loaded.config); !reloaded) {
    log.error("the configuration was reloaded only in part",
              {{"mistake", reloaded.error().message}});
    return;
  }
  log.info("the configuration was reloaded; server and log settings need a restart");
}

/// Lets what has begun end; the second signal ends it at once.
void drain(Service& service, Log& log, const config::ServerConfig& config, const Signals& signals) {
  const auto give_up = std::chrono::steady_clock::now() + config.drain_delay + config.drain_timeout;
  service.announce_drain();
  log.info("draining; a second signal stops at once",
           {{"drain_delay_ms", config.drain_delay.count()},
            {"drain_timeout_ms", config.drain_timeout.count()}});
  if (config.drain_delay.count() > 0 && signals.ending_within(config.drain_delay)) return;
  service.stop_accepting();
  while (!service.idle() && std::chrono::steady_clock::now() < give_up) {
    if (signals.ending_within(kPollEvery)) return;
  }
}

}  // namespace

void block_stop_signals() { Signals().block(); }

int serve(const config::Config& config, Log& log, const Reload& read_again) {
  const Signals signals;
  auto service = Service::create(config, log);
  if (!service) {
    log.error("cannot start", {{"error", service.error().message}});
    return 1;
  }
  if (const auto started = (*service)->start(); !started) {
    log.error("cannot start", {{"error", started.error().message}});
    return 1;
  }
  log.info("listening", {{"address", (*service)->address()},
                         {"databases", static_cast<std::int64_t>(config.databases.size())}});
  log.flush();
  const ServiceManager manager;
  const auto watchdog = watch(**service, manager);
  const std::string serving = "serving at " + (*service)->address();
  manager.ready(serving);
  for (int number = signals.wait(); number == SIGHUP; number = signals.wait()) {
    manager.reloading();
    reload(**service, log, read_again);
    manager.ready(serving);
  }
  manager.stopping();
  drain(**service, log, config.server, signals);
  (*service)->stop(milliseconds(0));
  log.info("stopped");
  return 0;
}

}  // namespace sluice::app
