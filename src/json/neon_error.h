#pragma once

#include <string>

#include "json/problem.h"

namespace sluice::json {

/// An error as clients of the Neon protocol read it. They take `json` apart only when the status is
/// 400; of any other they show the text.
struct NeonError {
  int status = 500;
  std::string json;  ///< PostgreSQL's fields, under the names of node-postgres
};
[[nodiscard]] NeonError neon_error(const Problem& problem);

}  // namespace sluice::json
