#pragma once

#include <random>

#include "base/time.h"

namespace sluice::base {

/// Where jitter comes from. Seeded by the owner, so that a test can replay it. Not thread-safe.
using Random = std::mt19937_64;

/// Uniform in [0, limit].
inline Duration random_up_to(Duration limit, Random& random) {
  std::uniform_int_distribution<Duration::rep> pick(0, std::max<Duration::rep>(limit.count(), 0));
  return Duration(pick(random));
}

/// The value ± share (0.2: ± 20 %), uniform.
inline Duration jittered(Duration value, double share, Random& random) {
  std::uniform_real_distribution<double> pick(1.0 - share, 1.0 + share);
  return Duration(static_cast<Duration::rep>(static_cast<double>(value.count()) * pick(random)));
}

}  // namespace sluice::base
