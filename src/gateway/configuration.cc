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
  facts_.successful = reload.applied && reload.mistakes.empty();
  if (facts_.successful) facts_.succeeded_at = reload.time;
}

metrics::ReloadFacts Configuration::reload_facts() const {
  const std::lock_guard lock(mutex_);
  return facts_;
}

}  // namespace sluice::gateway
