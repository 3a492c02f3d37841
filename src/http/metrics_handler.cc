// GET /metrics and GET /metrics/<db_id>: JSON for people and programs, text for scrapers.
#include <string>
#include <string_view>

#include "gateway/gateway.h"
#include "gateway/version.h"
#include "http/api.h"
#include "json/reports.h"
#include "metrics/prometheus_text.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

enum class Form { kJson, kPrometheus, kOpenMetrics };

/// `?format=` decides; else what the client accepts: scrapers ask for text, everybody else gets
/// JSON.
Form wanted_form(const Request& request) {
  const auto format = request.parameter("format");
  if (format == "json") return Form::kJson;
  if (format == "prometheus") return Form::kPrometheus;
  if (format == "openmetrics") return Form::kOpenMetrics;
  const auto accept = request.header("accept");
  if (accept.find("application/openmetrics-text") != std::string_view::npos) {
    return Form::kOpenMetrics;
  }
  return accept.find("text/plain") != std::string_view::npos ? Form::kPrometheus : Form::kJson;
}

metrics::ProcessFacts process_facts(const gateway::Gateway& gateway) {
  metrics::ProcessFacts facts;
  facts.version = gateway::version();
  facts.libpq_version = gateway::libpq_version();
  facts.draining = gateway.draining();
  facts.http = gateway.request_metrics().series();
  facts.usage = metrics::read_process_usage();
  return facts;
}

void respond_text(const ApiCall& call, Form form, const std::vector<DatabaseStats>& stats) {
  const auto facts = process_facts(call.gateway);
  Response response;
  if (form == Form::kOpenMetrics) {
    response.body = metrics::openmetrics_text(stats, facts);
    response.content_type = metrics::kOpenMetricsContentType;
  } else {
    response.body = metrics::prometheus_text(stats, facts);
    response.content_type = metrics::kPrometheusContentType;
  }
  response.headers.emplace_back("Vary", "Accept");
  call.exchange->respond(std::move(response));
}

void all(const ApiCall& call) {
  call.gateway.stats(call.loop(), [call](const std::vector<DatabaseStats>& stats) {
    const Form form = wanted_form(call.request());
    if (form != Form::kJson) return respond_text(call, form, stats);
    Response response;
    response.body = json::metrics_to_json(stats);
    response.headers.emplace_back("Vary", "Accept");
    call.exchange->respond(std::move(response));
  });
}

void one(const ApiCall& call, const DatabaseStats& stats, std::string_view server) {
  call.respond(200, json::metrics_to_json(stats, server));
}

void database(const ApiCall& call) {
  call.gateway.stats(call.db_id(), call.loop(), [call](const Result<DatabaseStats>& stats) {
    if (!stats) return call.respond(stats.error());
    if (call.request().parameter("server") != "true") return one(call, *stats, {});
    call.gateway.server_view(call.db_id(), call.loop(),
                             [call, stats = *stats](const Result<std::string>& server) {
                               if (!server) return call.respond(server.error());
                               one(call, stats, *server);
                             });
  });
}

}  // namespace

void add_metrics_routes(Api& api) {
  api.add(Method::Get, "/metrics", Access::kQuery, all);
  api.add(Method::Get, "/metrics/:db_id", Access::kQuery, database);
}

}  // namespace sluice::http
