#pragma once

#include <string>

namespace sluice::config {

/// Every setting as Markdown: key, environment variables, default, what may be written, meaning,
/// and whether a reload takes it over. The second part of docs/configuration.md, which a test holds
/// to it.
[[nodiscard]] std::string reference();

}  // namespace sluice::config
