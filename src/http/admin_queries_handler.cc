// /admin/queries: what is queued and running, and how to stop it.
#include <fmt/format.h>

#include <optional>
#include <vector>

#include "gateway/gateway.h"
#include "http/admin_documents.h"
#include "http/api.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using manager::LiveCall;
using Pistache::Http::Method;

std::string queries_to_json(const std::vector<LiveCall>& calls) {
  json::Writer writer;
  writer.begin_object();
  write_queries(writer, calls);
  writer.field("count", calls.size()).end_object();
  return writer.take();
}

void list(const ApiCall& call) {
  const std::string db_id(call.request().parameter("db_id"));
  call.gateway.live_calls(db_id, call.loop(), [call](const std::vector<LiveCall>& calls) {
    call.respond(200, queries_to_json(calls));
  });
}

json::Problem over(const std::string& id) {
  return json::Problem::of(
      404, "not_found", "Not found",
      fmt::format("no query \"{}\" is under way; it may have ended meanwhile", id));
}

void cancel(const ApiCall& call) {
  const std::string& id = call.path_parameter("id");
  call.gateway.operations().cancel(id, call.by(), [call](const std::optional<LiveCall>& found) {
    if (!found) return call.respond(over(call.path_parameter("id")));
    json::Writer writer;
    writer.begin_object().field("id", found->id).field("db_id", found->db_id);
    writer.field("cancelled", true).end_object();
    call.respond(200, writer.take());
  });
}

}  // namespace

void add_admin_query_routes(Api& api) {
  api.add(Method::Get, "/admin/queries?db_id", Access::kOperator, list);
  api.add(Method::Delete, "/admin/queries/:id", Access::kOperator, cancel);
}

}  // namespace sluice::http
