// Joins one target, SLUICE_FUZZ_TARGET, to libFuzzer.
#include <cstddef>
#include <cstdint>

#include "fuzz/fuzz.h"

// libFuzzer's name for it.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::fuzz::SLUICE_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
