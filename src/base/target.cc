#include "sluice/target.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice {
namespace {

constexpr std::array<std::string_view, 6> kSslModes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_socket_directory(std::string_view host) { return host.starts_with('/'); }

// Host names know no upper case, directories do.
std::string canonical_host(const std::string& host) {
  std::string canonical = host;
  if (!is_socket_directory(host))
    std::transform(host.begin(), host.end(), canonical.begin(), lower);
  return canonical;
}

// Name and port of each, in an order that does not depend on how they were written down.
std::vector<std::string> canonical_hosts(const Target& target) {
  std::vector<std::string> canonical;
  for (const Host& one : target.hosts())
    canonical.push_back(canonical_host(one.name) + '\0' + std::to_string(one.port));
  std::sort(canonical.begin(), canonical.end());
  return canonical;
}

// FNV-1a with 32 bits (Fowler, Noll, Vo). Part of every default id, so it may never change.
std::uint32_t fnv1a(std::string_view bytes) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 16'777'619U;
  }
  return hash;
}

std::string eight_hex_digits(std::uint32_t value) {
  std::string digits(8, '0');
  for (std::size_t i = digits.size(); i-- > 0; value >>= 4)
    digits[i] = "0123456789abcdef"[value & 15];
  return digits;
}

// "Sales (EU)" becomes "sales-eu".
std::string slug(std::string_view name) {
  constexpr std::size_t kLongest = 40;
  std::string result;
  for (const char raw : name) {
    const char c = lower(raw);
    if (is_lower_or_digit(c) || (c == '_' && !result.empty())) {
      result += c;
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
    if (result.size() == kLongest) break;
  }
  while (!result.empty() && !is_lower_or_digit(result.back())) result.pop_back();
  return result.empty() ? "db" : result;
}

// For messages and logs, which are lines of text.
std::string printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return result;
}

}  // namespace

std::string_view to_string(SslMode mode) {
  const auto index = static_cast<std::size_t>(mode);
  return index < kSslModes.size() ? kSslModes[index] : "prefer";
}

Result<SslMode> parse_ssl_mode(std::string_view name) {
  const auto found = std::find(kSslModes.begin(), kSslModes.end(), name);
  if (found != kSslModes.end()) return static_cast<SslMode>(found - kSslModes.begin());
  const std::string message =
      "this is no sslmode; write disable, allow, prefer, require, verify-ca or verify-full";
  return fail(invalid_request("sslmode: " + message, {{"sslmode", message}}));
}

std::string Host::display() const {
  const bool ipv6 = !is_socket_directory(name) && name.find(':') != std::string::npos;
  return printable((ipv6 ? "[" + name + "]" : name) + ":" + std::to_string(port));
}

std::vector<Host> Target::hosts() const {
  std::vector<Host> all{{host, port}};
  all.insert(all.end(), other_hosts.begin(), other_hosts.end());
  return all;
}

Target Target::at(const Host& one) const {
  Target target = *this;
  target.host = one.name;
  target.port = one.port;
  target.other_hosts.clear();
  return target;
}

std::string Target::display() const {
  std::string shown;
  for (const Host& one : hosts()) shown += (shown.empty() ? "" : ",") + one.display();
  return printable(user) + "@" + shown + printable("/" + database);
}

bool Target::same_as(const Target& other) const {
  return database == other.database && user == other.user &&
         other_hosts.size() == other.other_hosts.size() &&
         canonical_hosts(*this) == canonical_hosts(other);
}

std::string Target::default_db_id() const {
  // NUL occurs in none of the parts, so that no two targets give the same bytes.
  std::string bytes;
  for (const std::string& one : canonical_hosts(*this)) bytes += one + '\0';
  bytes += database + '\0' + user;
  return slug(database) + "-" + eight_hex_digits(fnv1a(bytes));
}

Status check_db_id(std::string_view db_id) {
  const auto allowed = [](char c) {
    return is_lower_or_digit(c) || c == '_' || c == '.' || c == '-';
  };
  std::string wrong;
  if (db_id.empty()) {
    wrong = "the id is empty";
  } else if (db_id.size() > 63) {
    wrong = "the id has more than 63 characters";
  } else if (!is_lower_or_digit(db_id.front())) {
    wrong = "the id must begin with a letter from a to z or a digit";
  } else if (!std::all_of(db_id.begin(), db_id.end(), allowed)) {
    wrong = "the id may contain only a to z, 0 to 9, '_', '.' and '-'";
  } else if (db_id == "connect") {
    wrong = "\"connect\" is the name of an operation; choose another id";
  } else {
    return {};
  }
  return fail(invalid_request("db_id: " + wrong, {{"db_id", wrong}}));
}

}  // namespace sluice
