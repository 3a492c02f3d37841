#pragma once

#include <sluice/query.h>

#include <nlohmann/json.hpp>
#include <string>

#include "problem.h"

namespace shop {

/// Takes a request's fields apart, as parameters for SQL, and collects every mistake. A field that
/// is missing becomes NULL, if it may be missing.
class Fields {
 public:
  enum class Presence { kRequired, kOptional };

  /// Throws Problem 400 when the body is no JSON object.
  Fields(const std::string& body, Presence presence);

  sluice::Param text(const char* name);
  sluice::Param email(const char* name);
  sluice::Param integer(const char* name, std::int64_t least);

  /// Throws Problem 422 if anything was wrong, unknown fields too. Call last.
  void check();

 private:
  const nlohmann::json* find(const char* name);

  nlohmann::json body_;
  Presence presence_;
  nlohmann::json known_ = nlohmann::json::object();
  nlohmann::json mistakes_ = nlohmann::json::object();
};

}  // namespace shop
