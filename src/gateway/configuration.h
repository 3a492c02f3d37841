#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "metrics/process_facts.h"

namespace sluice::gateway {

/// How a reading of the configuration went.
struct ReloadReport {
  std::chrono::system_clock::time_point time{};
  std::string actor;  ///< whoever asked: a key's name, or "SIGHUP"
  bool dry_run = false;
  bool applied = false;  ///< what could be taken over has been
  std::vector<config::SettingChange> changes;
  std::vector<config::ConfigMistake> mistakes;  ///< any: nothing has changed
};

/// Somebody wants the configuration to be read again.
struct ReloadOrder {
  std::string actor;
  bool dry_run = false;                           ///< only tell what would change
  std::function<void(const ReloadReport&)> done;  ///< on any thread
};

/// The configuration in force, for those who ask, and the way to have it read again. Thread-safe.
class Configuration {
 public:
  struct State {
    config::SettingsReport report;
    std::optional<ReloadReport> last_reload;  ///< dry runs do not count
  };
  [[nodiscard]] State state() const;
  void set(config::SettingsReport report);
  void set_last_reload(const ReloadReport& reload);
  [[nodiscard]] metrics::ReloadFacts reload_facts() const;

  /// Who reads it again. Must not block; set before the workers run.
  void on_order(std::function<void(ReloadOrder)> reader) { reader_ = std::move(reader); }
  void order(ReloadOrder order) const { reader_(std::move(order)); }

 private:
  mutable std::mutex mutex_;
  State state_;
  metrics::ReloadFacts facts_{true, std::chrono::system_clock::now()};
  std::function<void(ReloadOrder)> reader_;
};

}  // namespace sluice::gateway
