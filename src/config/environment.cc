#include "config/environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {
namespace {

constexpr std::string_view kPrefix = "SLUICE_";
constexpr std::string_view kDatabases = "DATABASES__";

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return result;
}

/// "orders-eu" as it appears in a variable's name: "orders_eu".
std::string as_in_variable(std::string_view id) {
  std::string result = lower(id);
  std::replace_if(
      result.begin(), result.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return result;
}

std::vector<std::string> split_path(std::string_view name) {
  std::vector<std::string> path;
  for (std::size_t end = name.find("__"); end != std::string_view::npos; end = name.find("__")) {
    path.push_back(lower(name.substr(0, end)));
    name.remove_prefix(end + 2);
  }
  path.push_back(lower(name));
  return path;
}

/// The member of that name, made if need be. A parent that is not a map stays as it is, since it is
/// a mistake by itself; then there is no member.
Node* member_of(Node& parent, const std::string& key, const std::string& variable) {
  if (parent.kind == Node::Kind::kNothing) parent.kind = Node::Kind::kMap;
  if (parent.kind != Node::Kind::kMap) return nullptr;
  const auto found = std::find_if(parent.children.begin(), parent.children.end(),
                                  [&](const Node& child) { return child.key == key; });
  if (found != parent.children.end()) return &*found;
  Node child;
  child.key = key;
  child.where = variable;
  parent.children.push_back(std::move(child));
  return &parent.children.back();
}

struct Variable {
  std::string name;
  std::string value;
};

void put(Node& root, const std::vector<std::string>& path, const Variable& variable) {
  Node* node = &root;
  for (const std::string& key : path) {
    node = member_of(*node, key, variable.name);
    if (node == nullptr) return;
  }
  Node replacement;
  replacement.kind = Node::Kind::kScalar;
  replacement.key = node->key;
  replacement.where = variable.name;
  replacement.text = variable.value;
  replacement.from_environment = true;
  *node = std::move(replacement);
}

/// The id of the file's database that the rest of a variable's name begins with, and else what
/// stands before its first double underscore.
std::vector<std::string> database_path(const Node& root, std::string_view rest, Mistakes& mistakes,
                                       const std::string& variable) {
  std::vector<std::string_view> ids;
  if (const Node* databases = root.find("databases")) {
    for (const Node& database : databases->children) {
      const std::string start = as_in_variable(database.key) + "__";
      if (lower(rest.substr(0, start.size())) == start) ids.push_back(database.key);
    }
  }
  if (ids.empty()) {
    auto path = split_path(rest);
    path.insert(path.begin(), "databases");
    return path;
  }
  std::sort(ids.begin(), ids.end(), [](auto a, auto b) { return a.size() > b.size(); });
  if (ids.size() > 1 && ids[0].size() == ids[1].size()) {
    mistakes.push_back({variable, "means both " + std::string(ids[0]) + " and " +
                                      std::string(ids[1]) + "; use ${" + variable +
                                      "} inside the file instead"});
    return {};
  }
  auto path = split_path(rest.substr(ids[0].size() + 2));
  path.insert(path.begin(), {"databases", std::string(ids[0])});
  return path;
}

void overlay_own_variables(Node& root, const Environment& environment, Mistakes& mistakes) {
  const Node file = root;  // which ids the file has must not depend on the variables' order
  for (const auto& [name, value] : environment) {
    const std::string_view variable = name;
    if (variable.substr(0, kPrefix.size()) != kPrefix || value.empty()) continue;
    const std::string_view rest = variable.substr(kPrefix.size());
    if (rest.find("__") == std::string_view::npos) continue;
    const bool is_database = rest.substr(0, kDatabases.size()) == kDatabases;
    const auto path = is_database
                          ? database_path(file, rest.substr(kDatabases.size()), mistakes, name)
                          : split_path(rest);
    if (!path.empty()) put(root, path, {name, value});
  }
}

struct DefaultDatabaseVariable {
  std::string_view name;
  std::string_view key;
  bool names_a_database;  ///< alone it is enough to say that there is one
};

constexpr std::array kDefaultDatabase{
    DefaultDatabaseVariable{"DATABASE_URL", "url", true},
    DefaultDatabaseVariable{"DB_HOST", "host", true},
    DefaultDatabaseVariable{"DB_NAME", "database", true},
    DefaultDatabaseVariable{"DB_PORT", "port", false},
    DefaultDatabaseVariable{"DB_USER", "user", false},
    DefaultDatabaseVariable{"DB_PASS", "password", false},
    DefaultDatabaseVariable{"DB_PASSWORD", "password", false},
    DefaultDatabaseVariable{"DB_PASSWORD_FILE", "password_file", false},
};

bool is_set(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found != environment.end() && !found->second.empty();
}

/// "postgresql+asyncpg://…" as SQLAlchemy writes it, without the driver.
std::string without_driver(const std::string& url) {
  const std::size_t scheme_end = url.find("://");
  const std::size_t plus = url.find('+');
  if (scheme_end == std::string::npos || plus > scheme_end) return url;
  return url.substr(0, plus) + url.substr(scheme_end);
}

void overlay_default_database(Node& root, const Environment& environment) {
  const bool named =
      std::any_of(kDefaultDatabase.begin(), kDefaultDatabase.end(),
                  [&](const auto& v) { return v.names_a_database && is_set(environment, v.name); });
  if (!named) return;
  for (const auto& variable : kDefaultDatabase) {
    if (!is_set(environment, variable.name)) continue;
    std::string value = environment.find(variable.name)->second;
    if (variable.key == "url") value = without_driver(value);
    put(root, {"databases", "default", std::string(variable.key)},
        {std::string(variable.name), value});
  }
}

}  // namespace

Environment process_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return environment;
}

void overlay_environment(Node& root, const Environment& environment, Mistakes& mistakes) {
  overlay_default_database(root, environment);
  overlay_own_variables(root, environment, mistakes);
}

}  // namespace sluice::config
