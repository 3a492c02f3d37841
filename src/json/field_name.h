#pragma once

#include <string>
#include <string_view>

namespace sluice::json {

/// A name that a client wrote, fit to be shown: at most 64 bytes, cut between characters.
[[nodiscard]] std::string shown_name(std::string_view name);

/// "pool" and "max_size" make "pool.max_size".
[[nodiscard]] std::string join_names(std::string_view outer, std::string_view inner);

}  // namespace sluice::json
