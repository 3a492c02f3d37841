#include "config/validation.h"

#include <algorithm>

#include "base/setting_text.h"
#include "base/settings.h"
#include "config/text_file.h"

namespace sluice::config {

void report(const Node& node, std::string message, Mistakes& mistakes) {
  const std::size_t quote = message.rfind("not '");
  if (node.substituted && quote != std::string::npos) {
    message = message.substr(0, quote) + "not what the variable holds";
  }
  mistakes.push_back({node.where, std::move(message)});
}

const Node* map_member(const Node& parent, std::string_view key, Mistakes& mistakes) {
  const Node* node = parent.given(key);
  if (node == nullptr || node->kind == Node::Kind::kMap) return node;
  mistakes.push_back({node->where, "'" + node->key + "' must be a map of keys and values"});
  return nullptr;
}

std::optional<std::string> text_member(const Node& parent, std::string_view key,
                                       Mistakes& mistakes) {
  const Node* node = parent.given(key);
  if (node == nullptr) return std::nullopt;
  if (node->kind == Node::Kind::kScalar) return node->text;
  mistakes.push_back({node->where, "'" + node->key + "' must be a single value"});
  return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    const std::size_t first = item.find_first_not_of(' ');
    if (first == std::string_view::npos) continue;
    item.remove_prefix(first);
    items.emplace_back(item.substr(0, item.find_last_not_of(' ') + 1));
  }
  return items;
}

void report_unknown_keys(const Node& map, std::span<const std::string_view> known,
                         Mistakes& mistakes) {
  for (const Node& child : map.children) {
    if (std::find(known.begin(), known.end(), child.key) != known.end()) continue;
    std::string message = "unknown key " + base::in_quotes(child.key);
    if (const auto meant = base::nearest(child.key, known)) {
      message += "; did you mean '" + std::string(*meant) + "'?";
    } else {
      message += "; known here:";
      for (const std::string_view key : known) message.append(" ").append(key);
    }
    mistakes.push_back({child.where, std::move(message)});
  }
}

std::optional<Secret> secret_member(const Node& parent, std::string_view key, Mistakes& mistakes) {
  const std::string file_key = std::string(key) + "_file";
  const Node* direct = parent.given(key);
  const Node* by_file = parent.given(file_key);
  if (direct != nullptr && by_file != nullptr) {
    if (direct->from_environment == by_file->from_environment) {
      mistakes.push_back(
          {by_file->where, "give '" + std::string(key) + "' or '" + file_key + "', not both"});
      return std::nullopt;
    }
    (direct->from_environment ? by_file : direct) = nullptr;
  }
  if (direct != nullptr) {
    auto text = text_member(parent, key, mistakes);
    return text ? std::optional<Secret>(std::move(*text)) : std::nullopt;
  }
  const auto file = text_member(parent, file_key, mistakes);
  if (!file) return std::nullopt;
  auto secret = read_secret_file(*file);
  if (secret) return Secret(*std::move(secret));
  const std::string name = by_file->substituted ? "the file" : *file;
  mistakes.push_back({by_file->where, name + " " + secret.error()});
  return std::nullopt;
}

}  // namespace sluice::config
