#pragma once

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>

namespace sluice::micro {

/// With SLUICE_MICRO_ITERATIONS in the environment every benchmark runs exactly so often: what
/// counts instructions takes the difference of two such runs.
inline void fix_iterations(benchmark::internal::Benchmark* benchmark) {
  const char* count = std::getenv("SLUICE_MICRO_ITERATIONS");
  if (count) benchmark->Iterations(std::stoll(count));
}

}  // namespace sluice::micro

/// As BENCHMARK; more may follow, as `->Arg(1)`.
#define SLUICE_MICRO(function) BENCHMARK(function)->Apply(sluice::micro::fix_iterations)
