// POST /query/<db_id>, …/explain, POST /transaction/<db_id> and POST /query: statements at one
// database, several as one, and at many databases.
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"
#include "http/etag.h"
#include "http/once.h"
#include "http/result_stream.h"
#include "http/stream_answer.h"
#include "json/requests.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

void answer_fan_out(const ApiCall& call, gateway::FanOutAnswer answer) {
  Response response;
  response.status = answer.status;
  response.body = std::move(answer.body);
  response.charge = std::move(answer.charge);
  response.headers.emplace_back("Server-Timing", server_timing(call.auth, {}, {}));
  call.exchange->respond(std::move(response));
}

constexpr std::array kOfFanOuts{ResultForm::kJson, ResultForm::kNdjson};
constexpr std::array kOfTransactions{ResultForm::kJson};

/// What the result cache did (RFC 9211), and how old the result is.
void add_cache_headers(Response& response, const gateway::CacheUse& use) {
  using How = gateway::CacheUse::How;
  using std::chrono::seconds;
  const auto whole = [](auto time) {
    return std::to_string(std::chrono::duration_cast<seconds>(time).count());
  };
  std::string status = "sluice; ";
  if (use.how == How::kHit) status += "hit; ttl=" + whole(use.ttl);
  if (use.how == How::kMiss) status += "fwd=miss";
  if (use.how == How::kStale) status += "fwd=stale";
  if (use.how == How::kShared) status += "fwd=miss; collapsed";
  response.headers.emplace_back("Cache-Status", std::move(status));
  if (use.how == How::kHit || use.how == How::kShared) {
    response.headers.emplace_back("Age", whole(use.age));
  }
}

void answer_query(const ApiCall& call, bool tagged, Result<gateway::QueryAnswer> answer) {
  if (!answer) return call.respond(answer.error());
  const auto cache = answer->cache;
  const auto stable = answer->stable_bytes;
  Response response = answer_response(call, std::move(*answer));
  if (cache) add_cache_headers(response, *cache);
  if (tagged) {
    const auto etag = etag_of(std::string_view(response.body).substr(0, stable));
    response.headers.emplace_back("ETag", etag);
    if (etag_matches(call.request().header("if-none-match"), etag)) response.status = 304;
  }
  call.exchange->respond(std::move(response));
}

bool is_conditional(const Request& http) { return !http.header("if-none-match").empty(); }

/// Why a request cannot be answered with what was said before; null: it can, or does not want it.
const char* misuse_of_kept_answers(const Request& http, const json::QueryRequest& request) {
  const bool conditional = is_conditional(http);
  if (conditional && !request.query.read_only) {
    return "If-None-Match is only for queries with \"read_only\": true";
  }
  if (has_idempotency_key(http) && (conditional || request.etag || request.cache_ttl)) {
    return "Idempotency-Key goes with neither cache_ttl_ms nor ETags: it is for writes, they are "
           "for reads";
  }
  return nullptr;
}

/// Why a header about answers that were given before means nothing for these; null: there is none.
const char* misuse_in_explain(const Request& http) {
  if (has_idempotency_key(http)) return "Idempotency-Key is not supported here: nothing is kept";
  if (is_conditional(http)) return "If-None-Match is not supported here: plans have no ETag";
  return nullptr;
}

const char* misuse_in_transaction(const Request& http) {
  if (!is_conditional(http)) return nullptr;
  return "If-None-Match is not supported for transactions: only single read_only queries have an "
         "ETag";
}

const char* misuse_in_fan_out(const Request& http) {
  if (has_idempotency_key(http)) {
    return "Idempotency-Key is not supported here: legs of a fan-out succeed or fail one by one; "
           "send writes that must happen once to each database by itself";
  }
  if (!is_conditional(http)) return nullptr;
  return "If-None-Match is not supported for fan-outs: only queries of one database have an ETag";
}

std::function<void()> run_query(const ApiCall& call, gateway::QueryService::Order order) {
  const bool tagged = order.request.etag || is_conditional(call.request());
  auto done = [call, tagged](Result<gateway::QueryAnswer> answer) {
    answer_query(call, tagged, std::move(answer));
  };
  if (order.request.cache_ttl) {
    const auto role = security::to_string(call.principal->role);
    return call.gateway.cached_queries().run(std::move(order), role, std::move(done));
  }
  const auto running = call.gateway.queries().run(std::move(order), std::move(done));
  return [running] { running.cancel(); };
}

void query(const ApiCall& call) {
  const auto form = wanted_form(call, kOfStatements);
  if (!form) return;
  auto request = json::decode_query(call.request().body);
  if (!request) return call.respond(request.error());
  const char* misuse = misuse_of_kept_answers(call.request(), *request);
  if (misuse && *form == ResultForm::kJson) {
    return call.respond(invalid_request(misuse));
  }
  gateway::QueryService::Order order{call.db_id(),
                                     std::move(*request),
                                     call.loop(),
                                     call.request().received_at,
                                     &call.exchange->origin(),
                                     call.gateway.rules().trace_comment};
  if (*form != ResultForm::kJson) return respond_stream(call, std::move(order), *form);
  if (has_idempotency_key(call.request())) {
    return answer_once(call, [&call, &order](OnceDone done) {
      call.gateway.queries().run(std::move(order),
                                 [done = std::move(done)](Result<gateway::QueryAnswer> answer) {
                                   done(std::move(answer), -1);
                                 });
    });
  }
  call.exchange->on_client_gone(run_query(call, std::move(order)));
}

void explain(const ApiCall& call) {
  if (const char* misuse = misuse_in_explain(call.request())) {
    return call.respond(invalid_request(misuse));
  }
  auto request = json::decode_explain(call.request().body);
  if (!request) return call.respond(request.error());
  const auto running = call.gateway.explains().run(
      {call.db_id(), std::move(*request), call.loop(), call.request().received_at,
       &call.exchange->origin()},
      [call](Result<gateway::QueryAnswer> answer) { respond_answer(call, std::move(answer)); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void answer_transaction(const ApiCall& call, gateway::TransactionAnswer answer) {
  if (!answer.result) {
    auto problem = json::Problem::from(answer.result.error());
    problem.failing_index = answer.failing_index;
    return call.respond(problem);
  }
  respond_answer(call, std::move(answer.result));
}

void transaction(const ApiCall& call) {
  if (!wanted_form(call, kOfTransactions)) return;
  if (const char* misuse = misuse_in_transaction(call.request())) {
    return call.respond(invalid_request(misuse));
  }
  auto request = json::decode_transaction(call.request().body);
  if (!request) return call.respond(request.error());
  gateway::TransactionService::Order order{call.db_id(),
                                           std::move(*request),
                                           call.loop(),
                                           call.request().received_at,
                                           &call.exchange->origin(),
                                           call.gateway.rules().trace_comment};
  if (has_idempotency_key(call.request())) {
    return answer_once(call, [&call, &order](OnceDone done) {
      call.gateway.transactions().run(std::move(order),
                                      [done = std::move(done)](gateway::TransactionAnswer answer) {
                                        done(std::move(answer.result), answer.failing_index);
                                      });
    });
  }
  const auto running = call.gateway.transactions().run(
      std::move(order),
      [call](gateway::TransactionAnswer answer) { answer_transaction(call, std::move(answer)); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void stream_fan_out(const ApiCall& call, json::FanOutRequest request) {
  const auto receiver = std::make_shared<StreamAnswer>(call, std::string(json::kNdjsonType));
  auto running =
      call.gateway.fan_outs().stream({std::move(request), call.loop(), call.request().received_at,
                                      &call.exchange->origin(), call.gateway.rules().trace_comment},
                                     receiver);
  call.exchange->on_drained(std::move(running.drained));
  call.exchange->on_client_gone(std::move(running.cancel));
}

void fan_out(const ApiCall& call) {
  if (const char* misuse = misuse_in_fan_out(call.request())) {
    return call.respond(invalid_request(misuse));
  }
  const auto form = wanted_form(call, kOfFanOuts);
  if (!form) return;
  auto request = json::decode_fan_out(call.request().body);
  if (!request) return call.respond(request.error());
  if (*form == ResultForm::kNdjson) return stream_fan_out(call, std::move(*request));
  auto cancel =
      call.gateway.fan_outs().run({std::move(*request), call.loop(), call.request().received_at,
                                   &call.exchange->origin(), call.gateway.rules().trace_comment},
                                  [call](Result<gateway::FanOutAnswer> answer) {
                                    if (!answer) return call.respond(answer.error());
                                    answer_fan_out(call, std::move(*answer));
                                  });
  call.exchange->on_client_gone(std::move(cancel));
}

}  // namespace

void respond_answer(const ApiCall& call, Result<gateway::QueryAnswer> answer) {
  if (!answer) return call.respond(answer.error());
  call.exchange->respond(answer_response(call, std::move(*answer)));
}

Response answer_response(const ApiCall& call, gateway::QueryAnswer answer) {
  call.gateway.request_metrics().record_stages({call.auth, answer.timings, answer.encode});
  Response response;
  response.body = std::move(answer.body);
  response.charge = std::move(answer.charge);
  response.headers.emplace_back("Server-Timing",
                                server_timing(call.auth, answer.timings, answer.encode));
  return response;
}

void add_query_routes(Api& api) {
  api.add_work(Method::Post, "/query/:db_id", query);
  api.add_work(Method::Post, "/query/:db_id/explain", explain);
  api.add_work(Method::Post, "/transaction/:db_id", transaction);
  api.add_work(Method::Post, "/query", fan_out);
}

}  // namespace sluice::http
