#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sluice::config {

/// One value of the configuration before it is understood: what the YAML file and the environment
/// say together, with the place of each piece. A plain tree.
struct Node {
  enum class Kind { kNothing, kScalar, kList, kMap };

  Kind kind = Kind::kNothing;
  std::string key;    ///< as a member of a map
  std::string where;  ///< of the key, or of the value in a list: "sluice.yaml:12:3", "SLUICE_…"
  std::string text;   ///< of a scalar
  bool substituted = false;  ///< the text came out of a variable and must not be shown
  bool from_environment = false;
  std::vector<Node> children;  ///< of a list or a map

  [[nodiscard]] const Node* find(std::string_view name) const;
  /// The member's value if it has one: a key with nothing after it counts as not written.
  [[nodiscard]] const Node* given(std::string_view name) const;
};

using Mistakes = std::vector<ConfigMistake>;

}  // namespace sluice::config
