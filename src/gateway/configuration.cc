#include "gateway/configuration.h"

#include <utility>

namespace sluice::gateway {

Configuration::State Configuration::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Configuration::set(config::SettingsReport report) {
  const std::lock_guard lock(mutex_);
  state_.report = std::move(report);
}

void Configuration::set_last_reload(const ReloadReport& reload) {
  const std::lock_guard lock(mutex_);
  state_.last_reload = reload;
}

}  // namespace sluice::gateway
