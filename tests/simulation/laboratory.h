#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "simulation/met.h"
#include "simulation/verdict.h"

namespace sluice::simulation {

/// Runs lives in child processes, so that one that crashes or hangs is found, named and shrunk like
/// any other failure. Single-threaded.
class Laboratory {
 public:
  using Life = std::function<std::optional<Violation>(Met&)>;
  using LifeOf = std::function<std::optional<Violation>(std::uint64_t seed, Met&)>;

  Laboratory();
  ~Laboratory();
  Laboratory(const Laboratory&) = delete;
  Laboratory& operator=(const Laboratory&) = delete;

  /// Lives through these seeds; the first that fails, if any.
  [[nodiscard]] std::optional<std::uint64_t> first_failure(std::uint64_t first, std::uint64_t count,
                                                           const LifeOf& live);
  /// What goes wrong in this one, if anything.
  [[nodiscard]] std::optional<Violation> try_out(const Life& live);

  /// What was met in all seeds that were lived through.
  [[nodiscard]] const Met& met() const;

 private:
  struct Shared;
  Shared* shared_;
};

}  // namespace sluice::simulation
