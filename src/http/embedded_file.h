#pragma once

#include <string_view>

namespace sluice::http {

/// A file of the repository that is in the binary: embedded by cmake/EmbedFiles.cmake.
struct EmbeddedFile {
  std::string_view path;  ///< where it is served, or what it is called
  std::string_view content_type;
  std::string_view content;
};

}  // namespace sluice::http
