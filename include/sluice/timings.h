#pragma once

#include <chrono>

namespace sluice {

/// Where the time of a call went.
struct Timings {
  std::chrono::microseconds queue{0};  ///< waiting for a connection
  std::chrono::microseconds connect{
      0};  ///< part of `queue` spent on opening one, if it was opened for us
  std::chrono::microseconds database{0};  ///< from sending to the last row
};

}  // namespace sluice
