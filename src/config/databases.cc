#include "config/databases.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/host_list.h"
#include "base/setting_text.h"
#include "base/settings.h"
#include "config/option_sections.h"
#include "config/text_file.h"
#include "config/validation.h"

namespace sluice::config {
namespace {

constexpr std::array<std::string_view, 18> kDatabaseKeys{
    "url",      "host",          "hosts",   "port",          "database", "user",
    "password", "password_file", "ssl",     "ssl_root_cert", "labels",   "required",
    "pool",     "query",         "breaker", "session",       "routing",  "sessions"};
constexpr std::array<std::string_view, 5> kParts{"host", "hosts", "port", "database", "user"};
constexpr std::array<std::string_view, 10> kTargetKeys{
    "url",  "host",     "hosts",         "port", "database",
    "user", "password", "password_file", "ssl",  "ssl_root_cert"};

/// What is left of a database's node when the environment has the last word on its target: a url
/// from there hides everything that the file says of the target.
Node with_one_target(const Node& database) {
  const Node* url = database.given("url");
  if (url == nullptr || !url->from_environment) return database;
  Node result = database;
  std::erase_if(result.children, [](const Node& child) {
    return !child.from_environment &&
           std::find(kTargetKeys.begin(), kTargetKeys.end(), child.key) != kTargetKeys.end();
  });
  return result;
}

/// A url and parts are one too many, unless the environment replaces parts of the file's url.
void report_url_with_parts(const Node& database, Mistakes& mistakes) {
  const Node* url = database.given("url");
  if (url == nullptr) return;
  for (const std::string_view key : kParts) {
    const Node* part = database.given(key);
    if (part == nullptr || part->from_environment != url->from_environment) continue;
    mistakes.push_back({part->where, "the url (" + url->where + ") says the " + std::string(key) +
                                         " already; give a url or parts, not both"});
  }
}

void read_url(const Node& database, Target& target, Mistakes& mistakes) {
  const auto text = text_member(database, "url", mistakes);
  if (!text) return;
  auto parsed = Target::parse(*text);
  if (parsed) {
    target = *std::move(parsed);
  } else {
    mistakes.push_back({database.given("url")->where, parsed.error().message});
  }
}

void read_text_part(const Node& database, std::string_view key, std::string& target,
                    Mistakes& mistakes) {
  const auto text = text_member(database, key, mistakes);
  if (!text) return;
  const auto checked = base::read_text(*text, 1'024);
  const bool blank = text->find_first_not_of(' ') == std::string::npos;
  if (checked && !blank) {
    target = *text;
    return;
  }
  report(*database.given(key),
         "'" + std::string(key) + "' " + (blank ? "must not be empty" : checked.error()), mistakes);
}

void read_host(const Node& database, Target& target, Mistakes& mistakes) {
  read_text_part(database, "host", target.host, mistakes);
  // To libpq a comma makes a list, and an @ a socket without a file.
  if (target.host.find(',') == std::string::npos && !target.host.starts_with('@')) return;
  const Node* host = database.given("host");
  if (host == nullptr) return;
  report(
      *host,
      "'host' must be one name, address or socket directory, not " + base::in_quotes(target.host),
      mistakes);
}

/// What the list says, entry by entry; in the environment it is one text with commas.
std::vector<std::pair<std::string, const Node*>> host_entries(const Node& hosts) {
  std::vector<std::pair<std::string, const Node*>> entries;
  if (hosts.kind == Node::Kind::kScalar) {
    for (std::string& text : split_list(hosts.text)) entries.emplace_back(std::move(text), &hosts);
  }
  for (const Node& child : hosts.children) entries.emplace_back(child.text, &child);
  return entries;
}

/// Comes after the port, which is that of every host that names none.
void read_hosts(const Node& database, Target& target, Mistakes& mistakes) {
  const Node* node = database.given("hosts");
  if (node == nullptr) return;
  if (const Node* host = database.given("host"))
    return report(*host, "'host' is one too many: 'hosts' lists them all", mistakes);
  if (node->kind == Node::Kind::kMap) return report(*node, "'hosts' must be a list", mistakes);
  std::vector<Host> hosts;
  for (const auto& [text, where] : host_entries(*node)) {
    hosts.push_back({"", target.port});
    const bool plain = where->kind == Node::Kind::kScalar;
    const auto problem = plain ? base::read_host(text, hosts.back()) : "a host is one text";
    if (problem) report(*where, "'hosts': " + *problem, mistakes);
  }
  if (const auto problem = base::set_hosts(hosts, target))
    report(*node, "'hosts': " + *problem, mistakes);
}

void read_port(const Node& database, Target& target, Mistakes& mistakes) {
  const auto text = text_member(database, "port", mistakes);
  if (!text) return;
  const auto port = base::read_integer(*text, {1, 65'535, {}});
  if (port) {
    target.port = static_cast<std::uint16_t>(*port);
  } else {
    report(*database.given("port"), "'port' " + port.error(), mistakes);
  }
}

void read_ssl(const Node& database, Target& target, Mistakes& mistakes) {
  auto text = text_member(database, "ssl", mistakes);
  if (text) {
    if (*text == "true") text = "require";
    if (*text == "false") text = "disable";
    const auto mode = parse_ssl_mode(*text);
    if (mode) {
      target.ssl = *mode;
    } else {
      report(*database.given("ssl"), mode.error().message, mistakes);
    }
  }
  read_text_part(database, "ssl_root_cert", target.ssl_root_cert, mistakes);
  if (const Node* certificate = database.given("ssl_root_cert")) {
    const auto content = read_text_file(target.ssl_root_cert, 16 * 1024 * 1024);
    if (!content) mistakes.push_back({certificate->where, "'ssl_root_cert' " + content.error()});
  }
}

Target read_target(const Node& database, Mistakes& mistakes) {
  Target target;
  const std::size_t before = mistakes.size();
  report_url_with_parts(database, mistakes);
  read_url(database, target, mistakes);
  read_host(database, target, mistakes);
  read_port(database, target, mistakes);
  read_hosts(database, target, mistakes);
  read_text_part(database, "database", target.database, mistakes);
  read_text_part(database, "user", target.user, mistakes);
  read_ssl(database, target, mistakes);
  if (auto password = secret_member(database, "password", mistakes)) {
    target.password = *std::move(password);
  }
  if (mistakes.size() != before) return target;  // what is missing may be among the mistakes
  const std::string id = "database " + base::in_quotes(database.key);
  if (target.database.empty()) {
    mistakes.push_back({database.where, id + " needs a 'url', or 'host', 'database' and 'user'"});
  } else if (target.user.empty()) {
    mistakes.push_back({database.where, id + " needs a 'user'"});
  }
  return target;
}

void read_labels(const Node& database, DatabaseOptions& options, Mistakes& mistakes) {
  const Node* labels = map_member(database, "labels", mistakes);
  if (labels == nullptr) return;
  for (const Node& label : labels->children) {
    const auto value = text_member(*labels, label.key, mistakes);
    if (!value) continue;
    if (const auto wrong = base::check_label(label.key, *value)) {
      report(label, *wrong, mistakes);
    } else {
      options.labels[label.key] = *value;
    }
  }
}

void read_required(const Node& database, DatabaseOptions& options, Mistakes& mistakes) {
  const auto text = text_member(database, "required", mistakes);
  if (!text) return;
  const auto value = base::read_boolean(*text);
  if (value) {
    options.required = *value;
  } else {
    report(*database.given("required"), "'required' " + value.error(), mistakes);
  }
}

void read_database(const Node& as_written, Config& config, Mistakes& mistakes) {
  const std::size_t before = mistakes.size();
  const Node node = with_one_target(as_written);
  DatabaseConfig database{node.key, {}, config.defaults};
  if (const auto good = check_db_id(node.key); !good) {
    mistakes.push_back({node.where, good.error().message});
  }
  report_unknown_keys(node, kDatabaseKeys, mistakes);
  database.target = read_target(node, mistakes);
  read_labels(node, database.options, mistakes);
  read_required(node, database.options, mistakes);
  read_options(node, database.options, mistakes);
  if (mistakes.size() == before) config.databases.push_back(std::move(database));
}

}  // namespace

void read_databases(const Node& root, Config& config, Mistakes& mistakes) {
  const Node* databases = map_member(root, "databases", mistakes);
  if (databases == nullptr) return;
  for (const Node& database : databases->children) {
    const bool is_map = database.kind == Node::Kind::kMap || database.kind == Node::Kind::kNothing;
    if (is_map) {
      read_database(database, config, mistakes);
    } else {
      mistakes.push_back({database.where, "database " + base::in_quotes(database.key) +
                                              " must be a map with a 'url', or with 'host', "
                                              "'database' and 'user'"});
    }
  }
}

}  // namespace sluice::config
