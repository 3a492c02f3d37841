#include "http/head_check.h"

#include <algorithm>
#include <utility>

#include "http/syntax.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

constexpr std::size_t kMaxLengthDigits = 18;  // always fits 64 bits

Refusal bad(std::string detail) { return Refusal{400, "bad_request", std::move(detail)}; }

std::optional<Method> known_method(std::string_view word) {
  if (word == "POST") return Method::Post;
  if (word == "GET") return Method::Get;
  if (word == "HEAD") return Method::Head;
  if (word == "OPTIONS") return Method::Options;
  if (word == "PUT") return Method::Put;
  if (word == "PATCH") return Method::Patch;
  if (word == "DELETE") return Method::Delete;
  return std::nullopt;
}

bool is_target(std::string_view target) {
  return !target.empty() && std::all_of(target.begin(), target.end(),
                                        [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// uri-host [":" port], without the rarer characters that no host name here has.
bool is_host(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.find(']');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = host.substr(colon + 1);
    if (!port.empty() && !is_digits(port)) return false;
    host = host.substr(0, colon);
  }
  if (host.starts_with('[')) {
    return host.ends_with(']') &&
           host.find_first_not_of("0123456789abcdefABCDEF:.[]") == std::string_view::npos;
  }
  return std::all_of(host.begin(), host.end(), [](char c) {
    return (is_token_char(c) && std::string_view("!#$&'*+^`|").find(c) == std::string_view::npos);
  });
}

/// Walks the lines of one head and collects what they say.
class HeadReader {
 public:
  explicit HeadReader(HeadFacts& facts) : facts_(facts) {}

  std::optional<Refusal> read(std::string_view head) {
    bool first = true;
    while (!head.empty()) {
      const auto end = head.find("\r\n");
      if (end == std::string_view::npos) return bad("a line does not end with CR LF");
      const std::string_view line = head.substr(0, end);
      head.remove_prefix(end + 2);
      if (line.empty()) return head.empty() ? conclude() : bad("an empty line within the head");
      if (auto refusal = first ? request_line(line) : field(line)) return refusal;
      first = false;
    }
    return bad("the head has no end");
  }

 private:
  std::optional<Refusal> request_line(std::string_view line) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
      return bad("the request line must be: METHOD target HTTP/1.1");
    }
    const std::string_view method = line.substr(0, first);
    facts_.target = line.substr(first + 1, last - first - 1);
    if (!is_token(method)) return bad("the method is not a token");
    if (!is_target(facts_.target)) return bad("the target contains forbidden characters");
    facts_.method = known_method(method);
    if (auto refusal = version(line.substr(last + 1))) return refusal;
    return target_form();
  }

  std::optional<Refusal> version(std::string_view version) {
    if (version == "HTTP/1.1" || version == "HTTP/1.0") {
      facts_.version_minor = version.back() - '0';
      facts_.keep_alive = facts_.version_minor == 1;
      return std::nullopt;
    }
    const bool other = version.size() == 8 && version.starts_with("HTTP/") &&
                       is_digits(version.substr(5, 1)) && version[6] == '.' &&
                       is_digits(version.substr(7));
    if (!other) return bad("the request line does not end with an HTTP version");
    return Refusal{505, "http_version_not_supported", "only HTTP/1.1 and HTTP/1.0 are spoken here"};
  }

  std::optional<Refusal> target_form() {
    std::string_view& target = facts_.target;
    if (!facts_.method || target.starts_with('/')) return std::nullopt;
    if (target == "*" && facts_.method == Method::Options) return std::nullopt;
    for (std::string_view scheme : {"http://", "https://"}) {
      if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
      const std::string_view rest = target.substr(scheme.size());
      const auto path = std::min(rest.find('/'), rest.find('?'));
      authority_ = rest.substr(0, path);
      target = path == std::string_view::npos ? std::string_view("/") : rest.substr(path);
      if (authority_.empty() || !is_host(authority_)) return bad("the target names no valid host");
      return std::nullopt;
    }
    return bad("the target must be a path, or an http URL");
  }

  std::optional<Refusal> field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') return bad("header lines must not be folded");
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return bad("a header line has no colon");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!is_token(name)) return bad("a header's name is not a token");
    if (!is_field_value(value)) return bad("a header's value contains control characters");
    return special_field(name, value);
  }

  std::optional<Refusal> special_field(std::string_view name, std::string_view value) {
    switch (name.size()) {
      case 4:
        return equal_ignoring_case(name, "host") ? host(value) : std::nullopt;
      case 6:
        return equal_ignoring_case(name, "expect") ? expect(value) : std::nullopt;
      case 10:
        return equal_ignoring_case(name, "connection") ? connection(value) : std::nullopt;
      case 14:
        return equal_ignoring_case(name, "content-length") ? length(value) : std::nullopt;
      case 17:
        return equal_ignoring_case(name, "transfer-encoding") ? coding(value) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

  std::optional<Refusal> host(std::string_view value) {
    if (std::exchange(has_host_, true)) return bad("there is more than one Host header");
    if (!is_host(value)) return bad("the Host header is not a host name");
    facts_.host = value;
    return std::nullopt;
  }

  std::optional<Refusal> expect(std::string_view value) {
    if (facts_.version_minor == 0) return std::nullopt;  // HTTP/1.0 knows no expectations
    if (equal_ignoring_case(value, "100-continue")) {
      facts_.expects_continue = true;
      return std::nullopt;
    }
    return Refusal{417, "expectation_failed", "the only expectation met here is 100-continue"};
  }

  std::optional<Refusal> connection(std::string_view list) {
    while (const auto option = next_element(list)) {
      if (equal_ignoring_case(*option, "close")) closes_ = true;
      if (equal_ignoring_case(*option, "keep-alive")) facts_.keep_alive = true;
    }
    return std::nullopt;
  }

  std::optional<Refusal> length(std::string_view value) {
    if (facts_.content_length) return bad("there is more than one Content-Length header");
    if (!is_digits(value)) return bad("Content-Length is not a number");
    const auto significant = std::min(value.find_first_not_of('0'), value.size());
    value.remove_prefix(significant);
    if (value.size() > kMaxLengthDigits) {
      return Refusal{413, "payload_too_large", "the request's body is too large"};
    }
    std::uint64_t number = 0;
    for (char c : value) number = number * 10 + static_cast<std::uint64_t>(c - '0');
    facts_.content_length = number;
    return std::nullopt;
  }

  std::optional<Refusal> coding(std::string_view value) {
    if (std::exchange(facts_.chunked, true)) return bad("there is more than one Transfer-Encoding");
    if (!equal_ignoring_case(value, "chunked")) {
      return bad("the only Transfer-Encoding understood here is: chunked");
    }
    return std::nullopt;
  }

  std::optional<Refusal> conclude() {
    if (facts_.target.empty()) return bad("the request line is missing");
    if (facts_.chunked && facts_.content_length) {
      return bad("Content-Length and Transfer-Encoding exclude each other");
    }
    if (facts_.chunked && facts_.version_minor == 0)
      return bad("HTTP/1.0 has no Transfer-Encoding");
    if (facts_.version_minor == 1 && !has_host_) return bad("the Host header is missing");
    if (closes_) facts_.keep_alive = false;
    if (!authority_.empty()) facts_.host = authority_;  // RFC 9112, 3.2.2: it replaces Host
    return std::nullopt;
  }

  HeadFacts& facts_;
  std::string_view authority_;
  bool has_host_ = false;
  bool closes_ = false;
};

}  // namespace

std::optional<Refusal> check_head(std::string_view head, HeadFacts& facts) {
  facts = HeadFacts{};
  auto refusal = HeadReader(facts).read(head);
  if (!refusal && !facts.method) {
    return Refusal{501, "not_implemented", "this method is not known here"};
  }
  return refusal;
}

}  // namespace sluice::http
