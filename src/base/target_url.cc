// Target::parse. Messages name what is wrong by its place in the URL and never quote from it where
// a misplaced password could stand.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/host_list.h"
#include "base/utf8.h"
#include "sluice/target.h"

namespace sluice {
namespace {

using Problem = std::optional<std::string>;

Error wrong_url(const std::string& problem) {
  return invalid_request("url: " + problem, {{"url", problem}});
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// Percent-decodes `part` into `out`; the problem names it as `what`.
Problem decode(std::string_view part, std::string_view what, std::string& out) {
  out.clear();
  const std::string where(what);
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] != '%') {
      out += part[i];
      continue;
    }
    const auto high = i + 1 < part.size() ? hex_digit(part[i + 1]) : std::nullopt;
    const auto low = i + 2 < part.size() ? hex_digit(part[i + 2]) : std::nullopt;
    if (!high || !low)
      return where + ": '%' must be followed by two hex digits; write %25 for a percent sign";
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  if (out.find('\0') != std::string::npos) return where + " contains a NUL byte";
  if (!base::is_utf8(out)) return where + " is not UTF-8";
  return std::nullopt;
}

/// What libpq takes and we do not need: we route by ourselves.
constexpr std::array<std::string_view, 4> kIgnored{"application_name", "connect_timeout",
                                                   "target_session_attrs", "load_balance_hosts"};

/// Reads one URL into a target, from left to right, up to the first problem.
class UrlReader {
 public:
  explicit UrlReader(std::string_view url) : rest_(url) {}

  Result<Target> read() {
    for (const auto step :
         {&UrlReader::scheme, &UrlReader::split, &UrlReader::user_and_password,
          &UrlReader::hosts_and_ports, &UrlReader::database, &UrlReader::parameters,
          &UrlReader::together, &UrlReader::completeness}) {
      if (const Problem problem = (this->*step)()) return fail(wrong_url(*problem));
    }
    return std::move(target_);
  }

 private:
  Problem scheme() {
    for (const std::string_view prefix : {"postgresql://", "postgres://"}) {
      if (!rest_.starts_with(prefix)) continue;
      rest_.remove_prefix(prefix.size());
      return std::nullopt;
    }
    return "it must begin with postgresql:// (or postgres://)";
  }

  Problem split() {
    const std::size_t end = std::min(rest_.find_first_of("/?"), rest_.size());
    authority_ = rest_.substr(0, end);
    rest_.remove_prefix(end);
    const std::size_t question = std::min(rest_.find('?'), rest_.size());
    path_ = rest_.substr(0, question);
    query_ = rest_.substr(std::min(question + 1, rest_.size()));
    // "user:pa/ss@host": what was taken for a path may be the rest of a password.
    if (authority_.find('@') == authority_.npos && path_.find('@') != path_.npos) {
      return "there is a '/' before the '@'; in a user's name or a password write %2F for it";
    }
    cut_by_question_mark_ =
        authority_.find('@') == authority_.npos && query_.find('@') != query_.npos;
    return std::nullopt;
  }

  Problem user_and_password() {
    // The last '@': a password may contain one that nobody encoded.
    const std::size_t at = authority_.rfind('@');
    if (at == authority_.npos) return std::nullopt;
    const std::string_view user_info = authority_.substr(0, at);
    authority_.remove_prefix(at + 1);
    const std::size_t colon = std::min(user_info.find(':'), user_info.size());
    if (const auto problem = decode(user_info.substr(0, colon), "the user", target_.user))
      return problem;
    if (colon == user_info.size()) return std::nullopt;
    return read_password(user_info.substr(colon + 1));
  }

  Problem read_password(std::string_view text) {
    std::string password;
    const auto problem = decode(text, "the password", password);
    target_.password = Secret(std::move(password));
    return problem;
  }

  /// Several are separated by commas, as libpq has it.
  Problem hosts_and_ports() {
    for (std::string_view rest = authority_; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      if (const auto problem = host_and_port(rest.substr(0, comma))) return problem;
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return std::nullopt;
  }

  Problem host_and_port(std::string_view text) {
    base::HostParts parts;
    Host host;
    if (const auto problem = base::split_host(text, parts)) return problem;
    if (!parts.name.empty()) {
      if (const auto problem = decode(parts.name, "the host", host.name)) return problem;
      if (const auto problem = base::check_host(host.name)) return problem;
      if (parts.in_brackets && !base::is_ipv6(host.name))
        return "between '[' and ']' is no IPv6 address";
    }
    if (!parts.port.empty()) {
      if (const auto problem = base::read_port(parts.port, host.port)) return problem;
    }
    hosts_.push_back(std::move(host));
    return std::nullopt;
  }

  Problem database() {
    if (path_.empty()) return std::nullopt;
    if (path_.find('/', 1) != path_.npos)
      return "the database's name contains '/'; write %2F for it";
    return decode(path_.substr(1), "the database's name", target_.database);
  }

  Problem parameters() {
    while (!query_.empty()) {
      const std::size_t end = std::min(query_.find('&'), query_.size());
      const std::string_view pair = query_.substr(0, end);
      query_.remove_prefix(std::min(end + 1, query_.size()));
      if (pair.empty()) continue;
      const std::size_t equals = pair.find('=');
      if (equals == pair.npos) return "every parameter after '?' is written name=value";
      if (const auto problem = parameter(pair.substr(0, equals), pair.substr(equals + 1)))
        return problem;
    }
    return std::nullopt;
  }

  Problem parameter(std::string_view name, std::string_view value) {
    if (std::ranges::find(kIgnored, name) != kIgnored.end()) return std::nullopt;
    if (name == "password") return read_password(value);
    if (name == "user") return decode(value, "the parameter user", target_.user);
    if (name == "dbname") return decode(value, "the parameter dbname", target_.database);
    if (name == "sslrootcert")
      return decode(value, "the parameter sslrootcert", target_.ssl_root_cert);
    if (name == "port") return port_parameter(value);
    if (name == "host") return host_parameter(value);
    if (name == "sslmode") {
      const auto mode = parse_ssl_mode(value);
      if (!mode) return mode.error().message;
      target_.ssl = *mode;
      return std::nullopt;
    }
    return unknown_parameter(name);
  }

  Problem host_parameter(std::string_view value) {
    std::string names;
    if (const auto problem = decode(value, "the parameter host", names)) return problem;
    const auto before = std::exchange(hosts_, {});
    for (const std::string_view name : split(names)) {
      const auto port = hosts_.size() < before.size() ? before[hosts_.size()].port : Host{}.port;
      hosts_.push_back({std::string(name), port});
      if (const auto problem = base::check_host(hosts_.back().name)) return problem;
    }
    return std::nullopt;
  }

  Problem port_parameter(std::string_view value) {
    std::string ports;
    if (const auto problem = decode(value, "the parameter port", ports)) return problem;
    for (const std::string_view port : split(ports)) {
      if (const auto problem = base::read_port(port, ports_.emplace_back())) return problem;
    }
    return std::nullopt;
  }

  static std::vector<std::string_view> split(std::string_view list) {
    std::vector<std::string_view> parts;
    for (;;) {
      const std::size_t comma = std::min(list.find(','), list.size());
      parts.push_back(list.substr(0, comma));
      if (comma == list.size()) return parts;
      list.remove_prefix(comma + 1);
    }
  }

  /// As libpq has it, one port is the port of every host.
  Problem together() {
    if (hosts_.empty()) hosts_.emplace_back();
    if (ports_.size() > 1 && ports_.size() != hosts_.size())
      return "there must be one port, or one for each host";
    for (std::size_t i = 0; i < hosts_.size() && !ports_.empty(); ++i)
      hosts_[i].port = ports_[ports_.size() == 1 ? 0 : i];
    return base::set_hosts(hosts_, target_);
  }

  Problem unknown_parameter(std::string_view name) const {
    const bool looks_like_a_name =
        name.size() <= 40 && std::all_of(name.begin(), name.end(),
                                         [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    // "user:pa?ss=word@host": what was taken for parameters may be the rest of a password.
    if (cut_by_question_mark_)
      return "there is a '?' before the '@'; in a password write %3F for it";
    const std::string which =
        looks_like_a_name ? "the parameter " + std::string(name) : "a parameter";
    return which +
           " is not understood; there are sslmode, sslrootcert, host, port, dbname, user, "
           "password, "
           "application_name and connect_timeout";
  }

  Problem completeness() {
    if (target_.user.empty())
      return "it names no user: postgresql://user:password@host:port/database";
    if (target_.database.empty())
      return "it names no database: postgresql://user:password@host:port/database";
    return std::nullopt;
  }

  std::string_view rest_;
  std::string_view authority_;
  std::string_view path_;
  std::string_view query_;
  bool cut_by_question_mark_ = false;
  std::vector<Host> hosts_;
  std::vector<std::uint16_t> ports_;  // of the parameter
  Target target_;
};

}  // namespace

Result<Target> Target::parse(std::string_view url) { return UrlReader(url).read(); }

}  // namespace sluice
