#pragma once

#include <array>
#include <string_view>

#include "http/embedded_file.h"

namespace sluice::http {

/// What src/http/openapi/<name>.json says of a resource: {"operations": {"GET /path": …},
/// "schemas": {…}}; src/http/openapi/README.md tells the rest. Or null.
[[nodiscard]] const EmbeddedFile* openapi_file(std::string_view name);

inline constexpr std::array<std::string_view, 8> kOpenApiFiles{
    "queries", "neon", "sessions", "databases", "health", "metrics", "admin", "pages"};
/// What all of them share: {"info": …, "tags": …, "components": …}.
inline constexpr std::string_view kOpenApiCommon = "common";

}  // namespace sluice::http
