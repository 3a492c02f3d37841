// POST /query/<db_id>, …/explain, POST /transaction/<db_id> and POST /query: statements at one
// database, several as one, and at many databases.
#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"
#include "http/once.h"
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

/// Rows come as JSON only.
bool accepts_json(const Request& request) {
  const auto accept = request.header("accept");
  if (accept.empty()) return true;
  for (const std::string_view type : {"*/*", "application/*", "application/json"}) {
    if (accept.find(type) != std::string_view::npos) return true;
  }
  return false;
}

json::Problem not_acceptable() {
  return json::Problem::of(406, "not_acceptable", "Not acceptable",
                           "results are given as application/json; accept that");
}

void query(const ApiCall& call) {
  if (!accepts_json(call.request())) return call.respond(not_acceptable());
  auto request = json::decode_query(call.request().body);
  if (!request) return call.respond(request.error());
  gateway::QueryService::Order order{call.db_id(),
                                     std::move(*request),
                                     call.loop(),
                                     call.request().received_at,
                                     &call.exchange->origin(),
                                     call.gateway.rules().trace_comment};
  if (has_idempotency_key(call.request())) {
    return answer_once(call, [&call, &order](OnceDone done) {
      call.gateway.queries().run(std::move(order),
                                 [done = std::move(done)](Result<gateway::QueryAnswer> answer) {
                                   done(std::move(answer), -1);
                                 });
    });
  }
  const auto running = call.gateway.queries().run(
      std::move(order),
      [call](Result<gateway::QueryAnswer> answer) { respond_answer(call, std::move(answer)); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void explain(const ApiCall& call) {
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
  if (!accepts_json(call.request())) return call.respond(not_acceptable());
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

void fan_out(const ApiCall& call) {
  if (has_idempotency_key(call.request())) return refuse_idempotency_key(call);
  if (!accepts_json(call.request())) return call.respond(not_acceptable());
  auto request = json::decode_fan_out(call.request().body);
  if (!request) return call.respond(request.error());
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
  call.gateway.request_metrics().record_stages({call.auth, answer->timings, answer->encode});
  Response response;
  response.body = std::move(answer->body);
  response.charge = std::move(answer->charge);
  response.headers.emplace_back("Server-Timing",
                                server_timing(call.auth, answer->timings, answer->encode));
  call.exchange->respond(std::move(response));
}

void add_query_routes(Api& api) {
  api.add_work(Method::Post, "/query/:db_id", query);
  api.add_work(Method::Post, "/query/:db_id/explain", explain);
  api.add_work(Method::Post, "/transaction/:db_id", transaction);
  api.add_work(Method::Post, "/query", fan_out);
}

}  // namespace sluice::http
