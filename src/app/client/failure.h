#pragma once

#include <string>
#include <utility>

#include "sluice/result.h"

namespace sluice::app::client {

/// What a command ends with, for scripts. Documented in docs/command-line.md.
enum class ExitStatus {
  kOk = 0,
  kFailure = 1,       ///< a mistake in the command line or the configuration, or a fault of ours
  kUnreachable = 2,   ///< no gateway answers there
  kSqlError = 3,      ///< the statement failed: an SQL error, too slow, too large
  kRefused = 4,       ///< the gateway refused and nothing was done: it can be tried again
  kUnauthorised = 5,  ///< no key, an unknown key, or one that may not do this
  kThreshold = 99,    ///< bench --fail-if
  kInterrupted = 130,
};

/// Why a command could not do what it was asked to.
struct Failure {
  ExitStatus status = ExitStatus::kFailure;
  std::string message;  ///< one or more lines, without a newline at the end
};

template <typename T>
using Outcome = tl::expected<T, Failure>;

[[nodiscard]] inline tl::unexpected<Failure> failed(ExitStatus status, std::string message) {
  return tl::unexpected<Failure>(Failure{status, std::move(message)});
}

}  // namespace sluice::app::client
