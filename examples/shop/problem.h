#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace shop {

/// Why a request is refused. Thrown by whoever finds out; answered in one place.
struct Problem {
  int status;
  std::string message;
  nlohmann::json fields = nlohmann::json::object();  ///< by field, for 422
};

}  // namespace shop
