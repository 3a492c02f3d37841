// POST /admin/chaos/<db_id>: troubles a database of the demo.
#include <string>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/requests.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

void answer(const ApiCall& call, const std::string& action, const Result<std::string>& happens) {
  if (!happens && happens.error().code == ErrorCode::kInvalidRequest) {
    return call.respond(happens.error());
  }
  if (!happens) {
    return call.respond(
        json::Problem::of(503, "chaos_unavailable", "No chaos to be had", happens.error().message));
  }
  json::Writer writer;
  writer.begin_object().field("db_id", call.db_id()).field("action", action);
  writer.field("message", *happens).end_object();
  call.respond(200, writer.take());
}

void chaos(const ApiCall& call) {
  const auto action = json::decode_action(call.request().body);
  if (!action) return call.respond(action.error());
  call.gateway.operations().chaos(call.db_id(), *action, call.by(),
                                  [call, action = *action](const Result<std::string>& happens) {
                                    answer(call, action, happens);
                                  });
}

}  // namespace

/// The route exists in the demo only.
void add_admin_chaos_routes(Api& api) {
  api.add(Method::Post, "/admin/chaos/:db_id", Access::kOperator, chaos);
}

}  // namespace sluice::http
