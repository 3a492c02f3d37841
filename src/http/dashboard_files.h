#pragma once

#include <string_view>

#include "http/embedded_file.h"

namespace sluice::http {

/// The file of the dashboard (web/dist, made from web/src by npm) that is served at this path:
/// "/admin", "/admin/dashboard.css", …; or null. Thread-safe; the file lives for ever.
[[nodiscard]] const EmbeddedFile* dashboard_file(std::string_view path);

/// What the dashboard may do in a browser: only its own files, only this gateway.
inline constexpr std::string_view kDashboardPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

}  // namespace sluice::http
