#pragma once

#include <string_view>

namespace sluice::http {

/// A file of the dashboard (web/dist, made from web/src by npm), embedded into the binary at build
/// time by cmake/EmbedFiles.cmake.
struct DashboardFile {
  std::string_view path;  ///< where it is served: "/admin", "/admin/dashboard.css", …
  std::string_view content_type;
  std::string_view content;
};

/// The file that is served at this path, or null. Thread-safe; the file lives for ever.
[[nodiscard]] const DashboardFile* dashboard_file(std::string_view path);

/// What the dashboard may do in a browser: only its own files, only this gateway.
inline constexpr std::string_view kDashboardPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
    "'none'";

}  // namespace sluice::http
