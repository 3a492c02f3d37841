#pragma once

#include <tl/expected.hpp>

#include "sluice/error.h"

namespace sluice {

/// The outcome of an operation that can fail in an expected way: a value, or the `Error` that says
/// what happened and what to do. Nothing in the public API throws for such failures.
template <typename T>
using Result = tl::expected<T, Error>;

/// The outcome of an operation that yields nothing but may fail.
using Status = Result<void>;

/// Wraps an error, so that a function can `return fail(error)`.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace sluice
