#include "http/result_stream.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "http/once.h"
#include "http/stream_answer.h"
#include "json/requests.h"

namespace sluice::http {
namespace {

/// Why there can be no stream for a request; null: there can.
const char* misuse_of_stream(const Request& http, const json::QueryRequest& request) {
  if (has_idempotency_key(http)) {
    return "Idempotency-Key is not supported for streams: nobody keeps them to give them again; "
           "ask for application/json, or leave the key out";
  }
  if (request.etag || request.cache_ttl || !http.header("if-none-match").empty()) {
    return "a stream is never kept: cache_ttl_ms and ETags are for application/json";
  }
  const auto* format = std::get_if<json::ResultFormat>(&request.format);
  if (!format || format->rows == json::ResultFormat::Rows::kScalar) {
    return "a stream has rows: use the format objects or arrays";
  }
  return nullptr;
}

json::RequestName name_of(const ApiCall& call) {
  return {call.request().request_id,
          std::string(manager::trace_id(call.exchange->origin().traceparent))};
}

}  // namespace

std::optional<ResultForm> wanted_form(const ApiCall& call, std::span<const ResultForm> offered) {
  const auto form = result_form(call.request().header("accept"), offered);
  if (form) return form;
  std::string detail = "results are given as application/json";
  if (offered.size() > 1) detail += ", application/x-ndjson";
  if (offered.size() > 2) detail += ", text/csv";
  call.respond(
      json::Problem::of(406, "not_acceptable", "Not acceptable", detail + "; accept one of them"));
  return std::nullopt;
}

void respond_stream(const ApiCall& call, gateway::QueryService::Order order, ResultForm form) {
  if (const char* misuse = misuse_of_stream(call.request(), order.request)) {
    return call.respond(invalid_request(misuse));
  }
  const bool csv = form == ResultForm::kCsv;
  if (csv) order.request.query.unique_column_names = false;
  auto encoder =
      csv ? json::csv_encoder()
          : json::ndjson_encoder(std::get<json::ResultFormat>(order.request.format), name_of(call));
  const auto running = call.gateway.streams().run(
      std::move(order), std::move(encoder),
      std::make_shared<StreamAnswer>(call, std::string(csv ? json::kCsvType : json::kNdjsonType)));
  call.exchange->on_drained([rows = running.stream] { rows->drained(); });
  call.exchange->on_client_gone([statement = running.call] { statement.cancel(); });
}

}  // namespace sluice::http
