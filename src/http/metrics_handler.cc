// GET /metrics and GET /metrics/<db_id>: JSON for people and programs, text for scrapers.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/reports.h"
#include "metrics/prometheus_text.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

enum class Form { kJson, kPrometheus, kOpenMetrics };

/// `?format=` decides; else what the client accepts: scrapers ask for text, everybody else gets
/// JSON.
Result<Form> wanted_form(const Request& request) {
  const auto format = request.parameter("format");
  if (format == "json") return Form::kJson;
  if (format == "prometheus") return Form::kPrometheus;
  if (format == "openmetrics") return Form::kOpenMetrics;
  if (!format.empty()) {
    const std::string what = "must be json, prometheus or openmetrics";
    return fail(invalid_request("format " + what, {{"format", what}}));
  }
  const auto accept = request.header("accept");
  if (accept.find("application/openmetrics-text") != std::string_view::npos) {
    return Form::kOpenMetrics;
  }
  return accept.find("text/plain") != std::string_view::npos ? Form::kPrometheus : Form::kJson;
}

using Databases = std::vector<DatabaseStats>;

Response text_response(Form form, const Databases& stats, const metrics::ProcessFacts& facts) {
  Response response;
  if (form == Form::kOpenMetrics) {
    response.body = metrics::openmetrics_text(stats, facts);
    response.content_type = metrics::kOpenMetricsContentType;
  } else {
    response.body = metrics::prometheus_text(stats, facts);
    response.content_type = metrics::kPrometheusContentType;
  }
  return response;
}

void respond(const ApiCall& call, Response response) {
  response.headers.emplace_back("Vary", "Accept");
  response.headers.emplace_back("Server-Timing", server_timing(call.auth, {}, {}));
  call.exchange->respond(std::move(response));
}

/// With a thousand databases the text takes a good part of a second, in which a worker would answer
/// nobody.
void respond_text(const ApiCall& call, Form form, const Databases& stats) {
  call.gateway.in_background([call, form, stats, facts = call.gateway.process_facts()] {
    auto response = std::make_shared<Response>(text_response(form, stats, facts));
    call.loop().post([call, response] { respond(call, std::move(*response)); });
  });
}

void all(const ApiCall& call) {
  const auto form = wanted_form(call.request());
  if (!form) return call.respond(form.error());
  call.gateway.stats(call.loop(), [call, form = *form](const Databases& stats) {
    if (form != Form::kJson) return respond_text(call, form, stats);
    Response response;
    response.body = json::metrics_to_json(stats);
    respond(call, std::move(response));
  });
}

/// Our own figures are most wanted when the server gives none.
std::string why_not(const Error& error) {
  return R"({"error":)" + json::error_to_json(error) + "}";
}

void one(const ApiCall& call, const DatabaseStats& stats, std::string_view server) {
  call.respond(200, json::metrics_to_json(stats, server));
}

/// Whether PostgreSQL is asked too: never, over a connection that is open, or over any.
enum class Asking { kNot, kIfConnected, kAnyway };

Result<Asking> wanted_asking(const ApiCall& call) {
  if (call.request().parameter("server") == "connect") return Asking::kAnyway;
  const auto asked = call.flag("server");
  if (asked) return *asked ? Asking::kIfConnected : Asking::kNot;
  const std::string what = "must be true, false or connect";
  return fail(invalid_request("server " + what, {{"server", what}}));
}

constexpr std::string_view kIdle = R"({"error":{"code":"idle","detail":"no connection is open; )"
                                   R"(?server=connect opens one and asks"}})";

/// A look at the figures is no reason to open a connection to a database that nobody uses.
bool is_idle(const DatabaseStats& stats) {
  return stats.pool.total() == 0 && stats.breaker.state == BreakerState::kClosed;
}

void with_server(const ApiCall& call, Asking asking, const DatabaseStats& stats) {
  if (asking == Asking::kNot) return one(call, stats, {});
  if (asking == Asking::kIfConnected && is_idle(stats)) return one(call, stats, kIdle);
  call.gateway.server_view(call.db_id(), call.loop(),
                           [call, stats](const Result<std::string>& view) {
                             one(call, stats, view ? *view : why_not(view.error()));
                           });
}

void database(const ApiCall& call) {
  const auto asking = wanted_asking(call);
  if (!asking) return call.respond(asking.error());
  call.gateway.stats(call.db_id(), call.loop(),
                     [call, asking = *asking](const Result<DatabaseStats>& stats) {
                       if (!stats) return call.respond(stats.error());
                       with_server(call, asking, *stats);
                     });
}

}  // namespace

void add_metrics_routes(Api& api) {
  api.add(Method::Get, "/metrics?*", Access::kQuery, all);
  api.add(Method::Get, "/metrics/:db_id?server", Access::kQuery, database);
}

}  // namespace sluice::http
