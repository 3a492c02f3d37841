#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/api.h"

namespace sluice::http {

/// The OpenAPI 3.1 description of these routes: paths, methods, parameters in the path, roles and
/// the answers that every route may give come from the routes; what people read, bodies and
/// examples from src/http/openapi; settings from their table.
[[nodiscard]] std::string openapi_document(const std::vector<Api::Route>& routes,
                                           std::string_view version);

/// "GET /path" of every route that nobody has written about, "GET /path?" of those that take other
/// parameters than the described ones.
[[nodiscard]] std::vector<std::string> undocumented(const std::vector<Api::Route>& routes);

}  // namespace sluice::http
