#pragma once

#include <cstddef>
#include <string>

#include "sluice/result.h"

namespace sluice::config {

/// The whole content of a file; fails with what is wrong, "cannot be read: No such file …".
[[nodiscard]] tl::expected<std::string, std::string> read_text_file(const std::string& file,
                                                                    std::size_t largest);

/// A secret that is kept in a file of its own, without the line ends after it. Fails also when
/// nothing is left.
[[nodiscard]] tl::expected<std::string, std::string> read_secret_file(const std::string& file);

}  // namespace sluice::config
