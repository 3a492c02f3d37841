// /admin/databases/<db_id>: operators' actions and answers.
#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/reports.h"
#include "json/requests.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

void why(const ApiCall& call) {
  call.gateway.stats(call.db_id(), call.loop(), [call](const Result<DatabaseStats>& stats) {
    if (!stats) return call.respond(stats.error());
    call.respond(200, json::why_to_json(*stats));
  });
}

void breaker(const ApiCall& call) {
  auto request = json::decode_breaker(call.request().body);
  if (!request) return call.respond(request.error());
  if (request->reason.empty()) request->reason = "no reason given";
  request->reason = call.principal->name + ": " + request->reason;
  call.gateway.force_breaker(call.db_id(), std::move(*request), call.loop(),
                             [call](const Status& status) {
                               if (!status) return call.respond(status.error());
                               why(call);
                             });
}

}  // namespace

void add_admin_routes(Api& api) {
  api.add(Method::Get, "/admin/databases/:db_id/why", Access::kOperator, why);
  api.add(Method::Post, "/admin/databases/:db_id/breaker", Access::kOperator, breaker);
}

}  // namespace sluice::http
