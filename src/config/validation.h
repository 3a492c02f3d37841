#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"

namespace sluice::config {

/// Notes a mistake at the node. Where the node's text came out of a variable, the value that the
/// message quotes at its end is left out, since it may be a secret.
void report(const Node& node, std::string message, Mistakes& mistakes);

/// The member if it is a map; anything else that was written there is a mistake.
[[nodiscard]] const Node* map_member(const Node& parent, std::string_view key, Mistakes& mistakes);

/// The text of a member; a list or a map there is a mistake.
[[nodiscard]] std::optional<std::string> text_member(const Node& parent, std::string_view key,
                                                     Mistakes& mistakes);

/// "a, b ,c" as a list; empty entries are left out.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// Every key of the map that is not among the known ones is a mistake.
void report_unknown_keys(const Node& map, std::span<const std::string_view> known,
                         Mistakes& mistakes);

/// A secret that is given in `key` or in a file, `key`_file. One that comes from the environment
/// hides the file's; two of the same origin are a mistake.
[[nodiscard]] std::optional<Secret> secret_member(const Node& parent, std::string_view key,
                                                  Mistakes& mistakes);

}  // namespace sluice::config
