// The whole gateway, from a client's bytes to a database's rows, in every order in which clients,
// databases and workers may act.
#include <gtest/gtest.h>

#include "simulation/wire_world.h"
#include "support/sanitized.h"
#include "support/seeds.h"

namespace sluice::simulation {
namespace {

constexpr int kEvents = 150;

TEST(Wire, KeepsItsPromisesWhateverHappens) {
  const auto seeds = testing::seeds_to_run(testing::kSanitized ? 30 : 150);
  for (std::uint64_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
    WireWorld world(seed);
    world.live(kEvents);
    ASSERT_TRUE(world.verdict().ok())
        << "seed " << seed << " breaks the promise: " << world.verdict().violation()->promise
        << "\n"
        << world.verdict().violation()->seen;
  }
}

}  // namespace
}  // namespace sluice::simulation
