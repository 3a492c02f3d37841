#pragma once

#include <string_view>

#include "http/embedded_file.h"

namespace sluice::http {

/// The file of Swagger UI (web/dist/docs) that is served at this path, or null.
[[nodiscard]] const EmbeddedFile* documentation_file(std::string_view path);

/// What it may do in a browser: as the dashboard.
inline constexpr std::string_view kDocumentationPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace sluice::http
