#include "http/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace sluice::http {
namespace {

using metrics::AuthFailure;
using Pistache::Http::Method;

std::optional<security::Role> needed_role(Access access) {
  switch (access) {
    case Access::kPublic:
      return std::nullopt;
    case Access::kQuery:
      return security::Role::kQuery;
    case Access::kOperator:
      return security::Role::kOperator;
    case Access::kAdmin:
      return security::Role::kAdmin;
  }
  return security::Role::kAdmin;
}

json::Problem unauthenticated() {
  return json::Problem::of(401, "unauthenticated", "Credentials are missing or wrong",
                           "send `Authorization: Bearer <key>` with a key of this gateway");
}

json::Problem forbidden(const security::Principal& principal, security::Role needed) {
  return json::Problem::of(
      403, "forbidden", "Not allowed",
      fmt::format("the key \"{}\" has the role {}; this needs {}", principal.name,
                  security::to_string(principal.role), security::to_string(needed)));
}

/// With three decimals. By hand, because it is done five times per request.
void append_milliseconds(std::string& text, std::chrono::microseconds time) {
  const auto micros = std::max<std::int64_t>(time.count(), 0);
  std::array<char, 24> digits;
  const auto whole = std::to_chars(digits.begin(), digits.end(), micros / 1000);
  const auto rest = static_cast<int>(micros % 1000);
  text.append(digits.data(), whole.ptr)
      .append({'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
               static_cast<char>('0' + rest % 10)});
}

/// Of a pattern: "/things/:id?force&limit" has two.
std::vector<std::string> parameters_of(std::string_view pattern) {
  std::vector<std::string> names;
  auto end = pattern.find('?');
  while (end != std::string_view::npos) {
    pattern.remove_prefix(end + 1);
    end = pattern.find('&');
    names.emplace_back(pattern.substr(0, end));
  }
  return names;
}

Error mistaken_parameter(const std::string& name, const std::string& what) {
  return invalid_request(fmt::format("query parameter \"{}\" {}", name, what), {{name, what}});
}

/// What is wrong with the names in the query string, if anything: a misspelt one must not pass for
/// one that was left out.
std::optional<Error> mistake_in_parameters(const Request& request,
                                           const std::vector<std::string>& known) {
  if (request.parameters.empty() || takes_any(known)) return {};
  for (const auto& [name, value] : request.parameters) {
    if (request.parameters.count(name) > 1) return mistaken_parameter(name, "is given twice");
    if (std::ranges::find(known, name) != known.end()) continue;
    if (known.empty()) return mistaken_parameter(name, "is unknown: there are none here");
    return mistaken_parameter(
        name, fmt::format("is unknown; the known ones here are {}", fmt::join(known, ", ")));
  }
  return {};
}

}  // namespace

const Dialect kPlainDialect{nullptr, respond_problem};

const std::string& ApiCall::path_parameter(const std::string& name) const {
  static const std::string kNone;
  const auto& parameters = request().path_parameters;
  const auto found = parameters.find(name);
  return found == parameters.end() ? kNone : found->second;
}

gateway::Operator ApiCall::by(std::string reason) const {
  return {principal ? principal->name : "", std::move(reason), loop()};
}

Result<bool> ApiCall::flag(const std::string& name) const {
  const auto found = request().parameters.find(name);
  if (found == request().parameters.end() || found->second == "false") return false;
  if (found->second == "true") return true;
  return fail(invalid_request(fmt::format("{} must be true or false", name),
                              {{name, "must be true or false"}}));
}

Result<std::optional<std::int64_t>> ApiCall::number(const std::string& name,
                                                    json::Bounds bounds) const {
  const auto found = request().parameters.find(name);
  if (found == request().parameters.end()) return std::nullopt;
  const auto number = json::whole_number(found->second);
  if (number && *number >= bounds.least && *number <= bounds.greatest) return number;
  const auto range =
      fmt::format("must be a whole number from {} to {}", bounds.least, bounds.greatest);
  return fail(invalid_request(name + " " + range, {{name, range}}));
}

void ApiCall::respond(int status, std::string json) const {
  Response response;
  response.status = status;
  response.body = std::move(json);
  response.headers.emplace_back("Server-Timing", server_timing(auth, {}, {}));
  exchange->respond(std::move(response));
}

void ApiCall::respond(const Error& error) const { respond(json::Problem::from(error)); }

void ApiCall::respond(const json::Problem& problem) const {
  dialect->respond_problem(*exchange, problem, auth);
}

void respond_file(const ApiCall& call, const EmbeddedFile& file, std::string_view policy) {
  Response response;
  response.body = file.content;
  response.content_type = file.content_type;
  response.headers.emplace_back("Content-Security-Policy", policy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cache-Control", "no-cache");
  call.exchange->respond(std::move(response));
}

void respond_problem(Exchange& exchange, const json::Problem& problem,
                     std::chrono::microseconds auth) {
  Response response;
  response.status = problem.status;
  response.body = problem.to_json(exchange.request().request_id,
                                  manager::trace_id(exchange.origin().traceparent));
  response.content_type = "application/problem+json";
  response.headers.emplace_back("Server-Timing", server_timing(auth, problem.error.timings, {}));
  if (problem.status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  add_retry_after(response, problem);
  exchange.respond(std::move(response));
}

void add_retry_after(Response& response, const json::Problem& problem) {
  const auto& after = problem.error.retry_after;
  if (!after || !problem.error.retryable) return;
  // Whole seconds, rounded up: coming back early would be refused again.
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*after).count();
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(seconds, 1)));
}

std::string server_timing(std::chrono::microseconds auth, const Timings& timings,
                          std::chrono::microseconds encode) {
  std::string text;
  text.reserve(112);
  const auto stage = [&text](std::string_view name, std::chrono::microseconds took) {
    text.append(text.empty() ? "" : ", ").append(name).append(";dur=");
    append_milliseconds(text, took);
  };
  stage("auth", auth);
  stage("queue", timings.queue);
  stage("connect", timings.connect);
  stage("db", timings.database);
  stage("encode", encode);
  return text;
}

void Api::add(Method method, std::string pattern, Guarded route) {
  route.parameters = parameters_of(pattern);
  pattern.resize(std::min(pattern.find('?'), pattern.size()));
  routes_.push_back({method, pattern, route.access, route.parameters});
  const Entry entry = route.entry;
  router_.add(
      method, std::move(pattern),
      [this, route = std::move(route)](const std::shared_ptr<Exchange>& exchange) {
        guard(exchange, route);
      },
      entry);
}

void Api::guard(const std::shared_ptr<Exchange>& exchange, const Guarded& route) {
  const auto before = std::chrono::steady_clock::now();
  ApiCall call{exchange, gateway_, route.dialect, {}, {}};
  call.principal = authenticate(call);
  exchange->identify(call.principal ? call.principal->name : "",
                     call.principal && call.principal->may(security::Role::kOperator));
  const auto needed = needed_role(route.access);
  if (needed && !call.principal) return refuse_stranger(call);
  if (needed && !call.principal->may(*needed)) {
    gateway_.request_metrics().count_auth_failure(AuthFailure::kForbidden);
    return call.respond(forbidden(*call.principal, *needed));
  }
  call.auth = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - before);
  if (const auto mistake = mistake_in_parameters(call.request(), route.parameters)) {
    return call.respond(*mistake);
  }
  if (!route.is_work || admit(call)) route.handler(call);
}

std::optional<security::Principal> Api::authenticate(ApiCall& call) {
  const Request& request = call.request();
  if (!call.dialect->authorization) return gateway_.authenticate(request.header("authorization"));
  return gateway_.authenticate(call.dialect->authorization(request));
}

/// Whoever guesses keys may guess as fast as clients may send.
void Api::refuse_stranger(const ApiCall& call) {
  const Request& request = call.request();
  const bool missing = call.dialect->authorization ? call.dialect->authorization(request).empty()
                                                   : request.header("authorization").empty();
  gateway_.request_metrics().count_auth_failure(missing ? AuthFailure::kMissing
                                                        : AuthFailure::kWrong);
  const auto& limits = gateway_.rules().limits;
  const auto allowed = gateway_.admissions().stranger(manager::address_of(request.client), limits,
                                                      call.loop().now());
  if (!allowed) return call.respond(allowed.error());
  call.respond(unauthenticated());
}

/// If not, it has been answered.
bool Api::admit(const ApiCall& call) {
  const Request& request = call.request();
  std::string headers;
  auto admission =
      gateway_.admissions().admit({*call.principal, manager::address_of(request.client),
                                   request.body.size(), call.loop().now()},
                                  headers);
  if (!headers.empty()) call.exchange->add_header_lines(headers);
  if (!admission) return call.respond(admission.error()), false;
  call.exchange->admit(std::move(*admission));
  return true;
}

void add_all_routes(Api& api) {
  add_admin_bundle_routes(api);
  add_admin_config_routes(api);
  add_admin_event_routes(api);
  add_admin_operation_routes(api);
  add_admin_query_routes(api);
  add_admin_statement_routes(api);
  add_dashboard_routes(api);
  add_database_routes(api);
  add_health_routes(api);
  add_metrics_routes(api);
  add_neon_routes(api);
  add_query_routes(api);
  add_schema_routes(api);
  add_session_routes(api);
  add_snapshot_routes(api);
  add_documentation_routes(api);
}

}  // namespace sluice::http
