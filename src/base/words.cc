// The words for what statistics and events are made of.
#include "sluice/observer.h"
#include "sluice/stats.h"

namespace sluice {

std::string_view to_string(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return "closed";
    case BreakerState::kOpen:
      return "open";
    case BreakerState::kHalfOpen:
      return "half_open";
    case BreakerState::kForcedOpen:
      return "forced_open";
    case BreakerState::kForcedClosed:
      return "forced_closed";
    case BreakerState::kObserveOnly:
      return "observe_only";
  }
  return "closed";
}

std::string_view to_string(DatabaseState state) {
  switch (state) {
    case DatabaseState::kActive:
      return "active";
    case DatabaseState::kPaused:
      return "paused";
    case DatabaseState::kDraining:
      return "draining";
  }
  return "active";
}

std::string_view to_string(Route route) {
  switch (route) {
    case Route::kPrimary:
      return "primary";
    case Route::kPreferReplica:
      return "prefer_replica";
    case Route::kReplica:
      return "replica";
    case Route::kAny:
      return "any";
  }
  return "primary";
}

std::string_view to_string(HostRole role) {
  switch (role) {
    case HostRole::kUnknown:
      return "unknown";
    case HostRole::kPrimary:
      return "primary";
    case HostRole::kReplica:
      return "replica";
    case HostRole::kConflict:
      return "conflict";
  }
  return "unknown";
}

std::string_view to_string(PoolEvent event) {
  switch (event) {
    case PoolEvent::kConnected:
      return "connected";
    case PoolEvent::kConnectFailed:
      return "connect_failed";
    case PoolEvent::kAcquired:
      return "acquired";
    case PoolEvent::kReleased:
      return "released";
    case PoolEvent::kClosed:
      return "closed";
    case PoolEvent::kPoolClosed:
      return "pool_closed";
    case PoolEvent::kLimited:
      return "limited";
  }
  return "closed";
}

}  // namespace sluice
