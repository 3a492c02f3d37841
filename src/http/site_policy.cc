#include "http/site_policy.h"

#include <algorithm>
#include <utility>

#include "http/syntax.h"

namespace sluice::http {
namespace {

std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  const auto bracket = host.rfind(']');
  if (colon == std::string_view::npos) return host;
  return bracket != std::string_view::npos && colon < bracket ? host : host.substr(0, colon);
}

bool is_loopback(std::string_view host) {
  if (host == "[::1]" || host == "::1" || equal_ignoring_case(host, "localhost")) return true;
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool matches(std::string_view rule, std::string_view host) {
  if (without_port(rule) == rule) host = without_port(host);
  if (!rule.starts_with("*.")) return equal_ignoring_case(rule, host);
  rule.remove_prefix(1);
  return host.size() > rule.size() &&
         equal_ignoring_case(host.substr(host.size() - rule.size()), rule);
}

}  // namespace

SitePolicy::SitePolicy(Rules rules)
    : rules_(std::move(rules)),
      any_host_(rules_.allowed_hosts.empty() && !is_loopback(rules_.bound_host)) {}

bool SitePolicy::is_our_host(std::string_view host) const {
  if (any_host_ || host.empty()) return true;  // browsers always send one
  const std::string_view name = without_port(host);
  if (is_loopback(name) || equal_ignoring_case(name, rules_.bound_host)) return true;
  return std::any_of(rules_.allowed_hosts.begin(), rules_.allowed_hosts.end(),
                     [host](std::string_view rule) { return matches(rule, host); });
}

bool SitePolicy::may_change_things(std::string_view origin, std::string_view host) const {
  if (origin.empty() || is_cors_origin(origin)) return true;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme) && equal_ignoring_case(origin.substr(scheme.size()), host)) {
      return true;
    }
  }
  return false;
}

bool SitePolicy::is_cors_origin(std::string_view origin) const {
  return std::any_of(
      rules_.cors_origins.begin(), rules_.cors_origins.end(),
      [origin](std::string_view allowed) { return allowed == "*" || allowed == origin; });
}

std::string SitePolicy::cors_headers(std::string_view origin) const {
  if (rules_.cors_origins.empty()) return {};
  std::string lines = "Vary: Origin\r\n";
  if (origin.empty() || !is_cors_origin(origin)) return lines;
  lines.append("Access-Control-Allow-Origin: ").append(origin);
  lines.append(
      "\r\nAccess-Control-Expose-Headers: X-Request-Id, Server-Timing, Retry-After, RateLimit, "
      "RateLimit-Policy, Idempotency-Replayed, ETag, Age, Cache-Status\r\n");
  return lines;
}

std::optional<Response> SitePolicy::preflight(const Request& request) const {
  const std::string_view origin = request.header("origin");
  const std::string_view method = request.header("access-control-request-method");
  if (request.method != Pistache::Http::Method::Options || method.empty()) return std::nullopt;
  if (origin.empty() || !is_cors_origin(origin)) return std::nullopt;
  Response response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE"},
                      {"Access-Control-Max-Age", "600"}};
  if (const auto headers = request.header("access-control-request-headers"); !headers.empty()) {
    response.headers.emplace_back("Access-Control-Allow-Headers", headers);
  }
  return response;
}

}  // namespace sluice::http
