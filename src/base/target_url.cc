// Target::parse. Messages name what is wrong by its place in the URL and never quote from it where
// a misplaced password could stand.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

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

Problem read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || port == 0) return "the port must be a number from 1 to 65535";
  return std::nullopt;
}

bool is_ipv6(const std::string& address) {
  in6_addr parsed{};
  const std::string without_zone = address.substr(0, address.find('%'));
  return ::inet_pton(AF_INET6, without_zone.c_str(), &parsed) == 1;
}

bool is_host_name(std::string_view host) {
  return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c >= 0x80;
  });
}

Problem check_host(const std::string& host) {
  if (host.starts_with('/') || is_ipv6(host) || is_host_name(host)) return std::nullopt;
  if (host.find(',') != std::string::npos) return "several hosts are given; write one";
  if (host.starts_with('@'))
    return "the host is an abstract socket; write the directory of a socket";
  return "the host is no name, no address and no socket directory (\"/…\")";
}

/// Reads one URL into a target, from left to right, up to the first problem.
class UrlReader {
 public:
  explicit UrlReader(std::string_view url) : rest_(url) {}

  Result<Target> read() {
    for (const auto step : {&UrlReader::scheme, &UrlReader::split, &UrlReader::user_and_password,
                            &UrlReader::host_and_port, &UrlReader::database, &UrlReader::parameters,
                            &UrlReader::completeness}) {
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

  Problem host_and_port() {
    std::string_view host = authority_;
    std::string_view port;
    if (host.starts_with('[')) {
      const std::size_t bracket = host.find(']');
      if (bracket == host.npos) return "the IPv6 address has no closing ']'";
      port = host.substr(bracket + 1);
      host = host.substr(1, bracket - 1);
      if (!port.empty() && port.front() != ':')
        return "after ']' only a port may follow: [::1]:5432";
    } else if (const std::size_t colon = host.find(':'); colon != host.npos) {
      port = host.substr(colon);
      host = host.substr(0, colon);
      if (port.find(':', 1) != port.npos)
        return "an IPv6 address is written in brackets: [::1]:5432";
    }
    if (!host.empty()) {
      if (const auto problem = decode(host, "the host", target_.host)) return problem;
      if (const auto problem = check_host(target_.host)) return problem;
      if (authority_.starts_with('[') && !is_ipv6(target_.host))
        return "between '[' and ']' is no IPv6 address";
    }
    return port.size() > 1 ? read_port(port.substr(1), target_.port) : std::nullopt;
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
    if (name == "application_name" || name == "connect_timeout") return std::nullopt;
    if (name == "password") return read_password(value);
    if (name == "user") return decode(value, "the parameter user", target_.user);
    if (name == "dbname") return decode(value, "the parameter dbname", target_.database);
    if (name == "sslrootcert")
      return decode(value, "the parameter sslrootcert", target_.ssl_root_cert);
    if (name == "port") return read_port(value, target_.port);
    if (name == "host") {
      if (const auto problem = decode(value, "the parameter host", target_.host)) return problem;
      return check_host(target_.host);
    }
    if (name == "sslmode") {
      const auto mode = parse_ssl_mode(value);
      if (!mode) return mode.error().message;
      target_.ssl = *mode;
      return std::nullopt;
    }
    return unknown_parameter(name);
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
  Target target_;
};

}  // namespace

Result<Target> Target::parse(std::string_view url) { return UrlReader(url).read(); }

}  // namespace sluice
