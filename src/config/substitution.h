#pragma once

#include <string>
#include <string_view>

#include "config/config.h"

namespace sluice::config {

/// Replaces `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, as Docker Compose does; `$$` is a
/// dollar sign, and so is a `$` before anything else. Defaults may contain further variables. Fails
/// with what is wrong; neither the text nor a variable's value is part of that.
[[nodiscard]] tl::expected<std::string, std::string> substitute(std::string_view text,
                                                                const Environment& environment);

}  // namespace sluice::config
