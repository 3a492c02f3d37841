#include "http/http_exchange.h"

#include <pistache/http_defs.h>

#include <cassert>
#include <utility>

#include "http/traceparent.h"
#include "json/problem.h"

namespace sluice::http {

void HttpExchange::identify(std::string actor, bool sees_others) {
  actor_ = std::move(actor);
  origin_ = {actor_, request_.client, request_.request_id,
             checked_traceparent(request_.header("traceparent")), sees_others};
}

void HttpExchange::respond(Response response) {
  assert(loop_.is_current());
  if (settled_ || streams_ || !compress(response)) return;
  settled_ = answered_ = true;
  response_ = std::move(response);
  // Destroyed last: they may own the handler's state.
  const auto gone = std::exchange(gone_, nullptr);
  const auto drained = std::exchange(drained_, nullptr);
  sink_->answered();
}

void HttpExchange::on_client_gone(std::function<void()> gone) {
  if (settled_) return;
  gone_ = std::move(gone);
}

void HttpExchange::respond_problem(int status, std::string code, std::string detail,
                                   std::vector<std::pair<std::string, std::string>> headers) {
  const char* title = codeString(static_cast<Pistache::Http::Code>(status));
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.headers = std::move(headers);
  auto problem = json::Problem::of(status, std::move(code), title, std::move(detail));
  if (status == 500) problem.error.outcome = Outcome::kUnknown;  // the handler had begun
  response.body = problem.to_json(request_.request_id);
  respond(std::move(response));
}

std::shared_ptr<Exchange> HttpExchange::handle(std::shared_ptr<HttpExchange> exchange) {
  HttpExchange* const raw = exchange.get();
  return {raw, [exchange = std::move(exchange)](Exchange*) mutable {
            if (exchange->settled_) return;
            base::EventLoop& loop = exchange->loop_;
            loop.post([dropped = std::move(exchange)] { dropped->give_up(); });
          }};
}

void HttpExchange::give_up() {
  if (streams_) return break_off();
  respond_problem(500, "internal", "the request was dropped; this is a bug");
}

void HttpExchange::detach(Departure why) {
  sink_ = nullptr;
  departure_ = why;
  answered_ = true;
  const auto drained = std::exchange(drained_, nullptr);
  if (settled_.exchange(true)) return;
  const auto gone = std::exchange(gone_, nullptr);
  if (!gone) return;
  try {
    gone();
  } catch (...) {  // NOLINT: the connection has ended, and its neighbours must hear of it too
  }
}

}  // namespace sluice::http
