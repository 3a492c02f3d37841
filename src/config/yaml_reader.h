#pragma once

#include <string>

#include "config/node.h"

namespace sluice::config {

/// Reads a YAML file into a tree whose scalars have their variables replaced. What cannot be read,
/// duplicate keys and more than one document become mistakes; the rest of the tree is still good.
[[nodiscard]] Node read_yaml(const std::string& file, const Environment& environment,
                             Mistakes& mistakes);

}  // namespace sluice::config
