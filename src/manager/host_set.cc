#include "manager/host_set.h"

#include <utility>

namespace sluice::manager {
namespace {

std::vector<std::string> names_of(const std::vector<Host>& hosts) {
  std::vector<std::string> names;
  for (const Host& host : hosts) names.push_back(host.display());
  return names;
}

}  // namespace

HostSet::HostSet(std::string db_id, const Target& target, Dependencies dependencies)
    : db_id_(std::move(db_id)),
      hosts_(target.hosts()),
      dependencies_(dependencies),
      random_(dependencies_.seed),
      topology_(db_id_, names_of(hosts_)),
      view_(std::make_shared<const TopologyView>(topology_.view({}))) {}

HostSet::~HostSet() = default;

std::shared_ptr<const TopologyView> HostSet::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

void HostSet::look_soon() {
  if (asked_.exchange(true)) return;
  dependencies_.loop.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->asked_ = false;
    if (self->asleep_ && self->monitors_.empty() && !self->stopped_) self->wake();
    for (const auto& monitor : self->monitors_) monitor->look_soon();
  });
}

std::shared_ptr<Router> HostSet::make_router(base::EventLoop& loop, std::uint64_t seed) {
  const auto look_again = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_soon();
  };
  const auto used = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->used_ = true;
  };
  auto router =
      std::make_shared<Router>(db_id_, view(), Router::Dependencies{loop, seed, look_again, used});
  const std::lock_guard lock(mutex_);
  listeners_.push_back({router, &loop});
  return router;
}

Target HostSet::target_of(const Target& target, std::size_t host) const {
  const Target wanted = target.at(hosts_[host]);
  for (const Host& one : target.hosts()) {
    if (target.at(one).same_as(wanted)) return target.at(one);
  }
  return wanted;
}

std::shared_ptr<pool::Connector> HostSet::connector(const Target& target,
                                                    const DatabaseOptions& options,
                                                    std::size_t host) {
  return dependencies_.connectors.make(target_of(target, host), HostProbe::session_of(options),
                                       dependencies_.loop);
}

void HostSet::start(const Target& target, const DatabaseOptions& options) {
  if (stopped_) return;
  target_ = target;
  options_ = options;
  used_at_ = dependencies_.loop.now();
  start_looking();
}

void HostSet::start_looking() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    monitors_.push_back(std::make_unique<HostMonitor>(
        dependencies_.loop, connector(target_, options_, i), random_,
        options_.routing.monitor_interval,
        [this, i](const HostMonitor::Sight& sight) { seen(i, sight); }));
  }
}

/// From the loop: a monitor must not be destroyed from inside its own call.
void HostSet::sleep_if_unused() {
  if (used_.exchange(false)) used_at_ = dependencies_.loop.now();
  const auto patience = options_.pool.pool_idle_timeout;
  if (patience.count() == 0 || dependencies_.loop.now() - used_at_ < patience) return;
  dependencies_.loop.post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->sleep();
  });
}

void HostSet::sleep() {
  if (stopped_ || asleep_) return;
  asleep_ = true;
  monitors_.clear();
  publish();
}

void HostSet::wake() {
  used_at_ = dependencies_.loop.now();
  topology_.forget();
  publish();
  start_looking();
}

void HostSet::configure(const Target& target, const DatabaseOptions& options,
                        bool new_connections) {
  dependencies_.loop.post([self = shared_from_this(), target, options, new_connections] {
    self->reconfigure(target, options, new_connections);
  });
}

void HostSet::reconfigure(const Target& target, const DatabaseOptions& options,
                          bool new_connections) {
  target_ = target;
  options_ = options;
  for (std::size_t i = 0; i < monitors_.size(); ++i) {
    monitors_[i]->set_interval(options.routing.monitor_interval);
    if (new_connections) monitors_[i]->replace_connector(connector(target, options, i));
  }
}

void HostSet::stop() {
  dependencies_.loop.post([self = shared_from_this()] {
    self->stopped_ = true;
    self->monitors_.clear();
  });
}

void HostSet::seen(std::size_t host, const HostMonitor::Sight& sight) {
  if (sight.facts) {
    topology_.saw(host, *sight.facts, dependencies_.loop.now());
  } else {
    topology_.missed(host, sight.error->message, sight.up);
  }
  publish();
  for (const HostEvent& event : topology_.take_events()) dependencies_.observer.on_host(event);
  sleep_if_unused();
}

void HostSet::publish() {
  TopologyView current = topology_.view(dependencies_.loop.now());
  // An old primary may be the first to answer.
  if (!monitors_.empty() && current.complete()) asleep_ = false;
  current.asleep = asleep_;
  const auto view = std::make_shared<const TopologyView>(std::move(current));
  const std::lock_guard lock(mutex_);
  view_ = view;
  for (const Listener& listener : listeners_) {
    listener.loop->post([router = listener.router, view] { router->update(view); });
  }
}

}  // namespace sluice::manager
