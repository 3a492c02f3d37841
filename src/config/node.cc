#include "config/node.h"

#include <algorithm>

namespace sluice::config {

const Node* Node::find(std::string_view name) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Node& child) { return child.key == name; });
  return kind != Kind::kMap || found == children.end() ? nullptr : &*found;
}

const Node* Node::given(std::string_view name) const {
  const Node* node = find(name);
  return node != nullptr && node->kind != Kind::kNothing ? node : nullptr;
}

}  // namespace sluice::config
