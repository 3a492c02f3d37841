#pragma once

#include <cstdint>
#include <cstdlib>

namespace sluice::testing {

/// Which random scenarios a test runs: `count` seeds from `first` on.
struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  bool one = false;    ///< somebody replays a single one
  bool usual = false;  ///< the same every time, so that it is known what they meet
};

/// SLUICE_SEEDS=n runs so many, from SLUICE_FIRST_SEED on; SLUICE_SEED=n that one alone.
inline Seeds seeds_to_run(std::uint64_t otherwise) {
  const auto number = [](const char* name, std::uint64_t none) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : none;
  };
  if (const auto seed = number("SLUICE_SEED", 0); seed != 0) return {seed, 1, true, false};
  const bool usual = !std::getenv("SLUICE_FIRST_SEED") && !std::getenv("SLUICE_SEEDS");
  return {number("SLUICE_FIRST_SEED", 1), number("SLUICE_SEEDS", otherwise), false, usual};
}

}  // namespace sluice::testing
