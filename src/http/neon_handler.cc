// POST /sql: the Neon serverless protocol, for clients that were made for it (docs/neon.md). Only a
// codec: statements take the same way as those of POST /query and POST /transaction.
#include <string>
#include <utility>
#include <variant>

#include "gateway/gateway.h"
#include "http/api.h"
#include "http/neon_connection.h"
#include "http/once.h"
#include "json/neon_error.h"
#include "json/neon_request.h"

namespace sluice::http {
namespace {

constexpr std::string_view kReadOnly = "neon-batch-read-only";
constexpr std::string_view kDeferrable = "neon-batch-deferrable";
constexpr std::string_view kIsolation = "neon-batch-isolation-level";

std::string authorization(const Request& request) {
  if (const auto given = request.header("authorization"); !given.empty()) return std::string(given);
  const auto connection = parse_neon_connection(request.header("neon-connection-string"));
  return connection && !connection->key.empty() ? "Bearer " + connection->key : "";
}

void respond_neon_problem(Exchange& exchange, const json::Problem& problem,
                          std::chrono::microseconds auth) {
  auto told = problem;
  if (problem.status == 401) {
    told.detail =
        "password authentication failed: the password of the connection string, or the Bearer "
        "token, must be a key of this gateway";
  }
  auto error = json::neon_error(told);
  Response response;
  response.status = error.status;
  response.body = std::move(error.json);
  response.headers.emplace_back("Server-Timing", server_timing(auth, problem.error.timings, {}));
  add_retry_after(response, problem);
  exchange.add_header_lines(kAnyPage);
  exchange.respond(std::move(response));
}

const Dialect kNeon{authorization, respond_neon_problem};

/// Where there are keys, a page that knows one may come from anywhere. Where there are none, any
/// page that somebody looks at on this machine could ask.
bool is_stranger_page(const ApiCall& call) {
  return !call.request().from_trusted_page && call.gateway.rules().keys.open();
}

void refuse_stranger_page(const ApiCall& call) {
  respond_problem(*call.exchange,
                  json::Problem::of(403, "forbidden", "Not allowed",
                                    "requests from pages of this origin are not accepted while "
                                    "the gateway has no API keys; to allow them, add the origin "
                                    "to server.cors_origins"));
}

bool is_true(const Request& request, std::string_view header) {
  return request.header(header) == "true";
}

Result<json::NeonHeaders> headers_of(const Request& request) {
  json::NeonHeaders headers;
  headers.format.raw_text = is_true(request, "neon-raw-text-output");
  headers.format.arrays = is_true(request, "neon-array-mode");
  headers.read_only = is_true(request, kReadOnly);
  headers.deferrable = is_true(request, kDeferrable);
  const auto word = request.header(kIsolation);
  if (word.empty()) return headers;
  const auto isolation = json::parse_neon_isolation(word);
  if (!isolation) {
    return fail(invalid_request(
        "Neon-Batch-Isolation-Level must be ReadUncommitted, ReadCommitted, RepeatableRead or "
        "Serializable"));
  }
  headers.isolation = *isolation;
  return headers;
}

/// What a batch was asked to be is said again.
void echo(const Request& request, Response& response) {
  for (const auto name : {kReadOnly, kDeferrable}) {
    if (is_true(request, name)) response.headers.emplace_back(name, "true");
  }
  if (const auto word = request.header(kIsolation); !word.empty()) {
    response.headers.emplace_back(kIsolation, word);
  }
}

/// Rows that are missing must not pass for all there are.
Error was_cut() {
  return {.code = ErrorCode::kResultTooLarge,
          .message =
              "the statement has taken effect, but its result is larger than "
              "query.max_result_bytes: return fewer rows or columns",
          .outcome = Outcome::kUnknown};
}

void answer(const ApiCall& call, Result<gateway::QueryAnswer> result, bool batch) {
  if (result && result->cut) result = fail(was_cut());
  if (!result) return call.respond(result.error());
  Response response = answer_response(call, std::move(*result));
  if (batch) echo(call.request(), response);
  call.exchange->add_header_lines(kAnyPage);
  call.exchange->respond(std::move(response));
}

void run(const ApiCall& call, json::QueryRequest request) {
  const auto running = call.gateway.queries().run(
      {call.db_id(), std::move(request), call.loop(), call.request().received_at,
       &call.exchange->origin(), call.gateway.rules().trace_comment},
      [call](Result<gateway::QueryAnswer> result) { answer(call, std::move(result), false); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void run(const ApiCall& call, json::TransactionRequest request) {
  if (request.statements.empty()) {
    const auto known = call.gateway.options_of(call.db_id());
    if (!known) return call.respond(known.error());
    return answer(call, gateway::QueryAnswer{.body = R"({"results":[]})"}, true);
  }
  const auto running = call.gateway.transactions().run(
      {call.db_id(), std::move(request), call.loop(), call.request().received_at,
       &call.exchange->origin(), call.gateway.rules().trace_comment},
      [call](gateway::TransactionAnswer result) { answer(call, std::move(result.result), true); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void sql(const ApiCall& call) {
  if (is_stranger_page(call)) return refuse_stranger_page(call);
  auto connection = parse_neon_connection(call.request().header("neon-connection-string"));
  if (!connection) {
    return call.respond(invalid_request(
        "Neon-Connection-String must be postgresql://<user>:<API key>@<host>/<db_id>"));
  }
  call.exchange->concern(std::move(connection->db_id));
  if (has_idempotency_key(call.request())) {
    return call.respond(invalid_request("Idempotency-Key is for /query and /transaction only"));
  }
  const auto headers = headers_of(call.request());
  if (!headers) return call.respond(headers.error());
  auto request = json::decode_neon(call.request().body, *headers);
  if (!request) return call.respond(request.error());
  std::visit([&call](auto& wanted) { run(call, std::move(wanted)); }, *request);
}

void options(const ApiCall& call) {
  Response response;
  response.content_type.clear();
  response.headers = {{"Allow", "OPTIONS, POST"},
                      {"Access-Control-Allow-Headers",
                       "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, "
                       "Neon-Array-Mode, Neon-Pool-Opt-In, Neon-Batch-Read-Only, "
                       "Neon-Batch-Isolation-Level, Neon-Batch-Deferrable"},
                      {"Access-Control-Max-Age", "86400"}};
  if (!is_stranger_page(call)) call.exchange->add_header_lines(kAnyPage);
  call.exchange->respond(std::move(response));
}

}  // namespace

void add_neon_routes(Api& api) {
  api.add_work(Pistache::Http::Method::Post, "/sql", kNeon, sql);
  api.add_options("/sql?*", kNeon, options);
}

}  // namespace sluice::http
