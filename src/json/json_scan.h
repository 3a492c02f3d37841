#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::json {

/// Finds its way in JSON that we have written ourselves: nothing is checked.

/// How long the value is that the text begins with.
[[nodiscard]] std::size_t value_size(std::string_view text);
/// The values in an array or an object, in their order, without names.
void split_members(std::string_view container, std::vector<std::string_view>& values);

}  // namespace sluice::json
