#include "http/dispatcher.h"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

#include "http/syntax.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

bool is_safe(Method method) {
  return method == Method::Get || method == Method::Head || method == Method::Options;
}

/// Browsers send other pages' JSON only after asking (a preflight), so insisting on it also keeps
/// plain HTML forms out.
bool is_json(std::string_view content_type) {
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  return equal_ignoring_case(type, "application/json");
}

std::string list_of(std::vector<Method> methods) {
  const auto has = [&methods](Method m) {
    return std::find(methods.begin(), methods.end(), m) != methods.end();
  };
  if (has(Method::Get) && !has(Method::Head)) methods.push_back(Method::Head);
  if (!has(Method::Options)) methods.push_back(Method::Options);
  std::string list;
  for (Method method : methods) {
    if (!list.empty()) list += ", ";
    list += methodString(method);
  }
  return list;
}

}  // namespace

void Dispatcher::dispatch(const std::shared_ptr<HttpExchange>& exchange) const {
  const std::string_view target = exchange->target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (!decode_target(*exchange, path)) return;
  try {
    auto match = find(exchange->request(), path);
    if (may_enter(*exchange, match)) handle(exchange, std::move(match));
  } catch (const std::exception&) {
    // What it says may name internals or data; the handler's own layer logs what it wants known.
    exchange->respond_problem(500, "internal", "the request failed inside the gateway");
  } catch (...) {
    exchange->respond_problem(500, "internal", "the request failed inside the gateway");
  }
}

bool Dispatcher::decode_target(HttpExchange& exchange, std::string_view path) const {
  Request& request = exchange.mutable_request();
  const std::string_view target = exchange.target;
  auto decoded = percent_decoded(path);
  auto parameters = parsed_query(target.substr(std::min(path.size() + 1, target.size())));
  request.path = decoded ? std::move(*decoded) : std::string(path);
  if (!decoded || !parameters) {
    exchange.respond_problem(400, "bad_request", "the target contains a broken % escape");
    return false;
  }
  request.parameters = std::move(*parameters);
  return true;
}

Router::Match Dispatcher::find(const Request& request, std::string_view path) const {
  auto match = router_.find(request.method, path);
  if (match.handler || request.method != Method::Head) return match;
  return router_.find(Method::Get, path);
}

bool Dispatcher::may_enter(HttpExchange& exchange, const Router::Match& match) const {
  if (!policy_.is_our_host(exchange.host)) {
    exchange.respond_problem(421, "misdirected_request",
                             "this server does not answer to the name in the Host header; if it "
                             "should, add the name to server.allowed_hosts");
    return false;
  }
  const std::string_view origin = exchange.request().header("origin");
  exchange.mutable_request().from_trusted_page = policy_.may_change_things(origin, exchange.host);
  if (match.entry == Entry::kCommon) return may_come_from(exchange, origin);
  if (!match.handler) exchange.header_lines = kAnyPage;
  return true;
}

void Dispatcher::let_pages_read(HttpExchange& exchange) const {
  const std::string_view target = exchange.target;
  const auto match = find(exchange.request(), target.substr(0, target.find('?')));
  exchange.header_lines = match.entry == Entry::kOwn
                              ? std::string(kAnyPage)
                              : policy_.cors_headers(exchange.request().header("origin"));
}

bool Dispatcher::may_come_from(HttpExchange& exchange, std::string_view origin) const {
  const Request& request = exchange.request();
  exchange.header_lines = policy_.cors_headers(origin);
  if (!is_safe(request.method) && !request.from_trusted_page) {
    exchange.respond_problem(403, "forbidden",
                             "requests from pages of this origin are not accepted; to allow them, "
                             "add the origin to server.cors_origins");
    return false;
  }
  if (auto response = policy_.preflight(request)) {
    exchange.respond(std::move(*response));
    return false;
  }
  return true;
}

void Dispatcher::handle(const std::shared_ptr<HttpExchange>& exchange, Router::Match match) const {
  Request& request = exchange->mutable_request();
  if (!match.handler) return answer_without_handler(*exchange, match);
  request.route = std::move(match.route);
  request.path_parameters = std::move(match.path_parameters);
  const bool any_type = request.body.empty() || match.entry == Entry::kOwn;
  if (!any_type && !is_json(request.header("content-type"))) {
    return exchange->respond_problem(415, "unsupported_media_type",
                                     "send the body with Content-Type: application/json");
  }
  (*match.handler)(HttpExchange::handle(exchange));
}

void Dispatcher::answer_without_handler(HttpExchange& exchange, const Router::Match& match) const {
  const Request& request = exchange.request();
  if (match.allowed.empty() && exchange.target != "*") {
    return exchange.respond_problem(
        404, "not_found", "there is nothing at this path; docs/http-api.md lists all there is");
  }
  const std::string allowed = match.allowed.empty() ? "" : list_of(match.allowed);
  if (request.method == Method::Options) {
    Response response;
    response.status = 204;
    if (!allowed.empty()) response.headers.emplace_back("Allow", allowed);
    return exchange.respond(std::move(response));
  }
  exchange.respond_problem(405, "method_not_allowed", "this path takes: " + allowed,
                           {{"Allow", allowed}});
}

}  // namespace sluice::http
