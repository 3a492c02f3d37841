// GET /admin/events: what has happened, and who did it.
#include <optional>

#include "gateway/events.h"
#include "gateway/gateway.h"
#include "http/admin_documents.h"
#include "http/api.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using gateway::EventFilter;
using Pistache::Http::Method;

Result<EventFilter> filter_of(const ApiCall& call) {
  EventFilter filter;
  const auto since = call.number("since", {0, std::numeric_limits<std::int64_t>::max()});
  if (!since) return fail(since.error());
  if (*since) filter.since = static_cast<std::uint64_t>(**since);
  const auto limit = call.number("limit", {1, gateway::Events::kCapacity});
  if (!limit) return fail(limit.error());
  if (*limit) filter.limit = static_cast<std::size_t>(**limit);
  filter.db_id = call.request().parameter("db_id");
  const auto kind = call.request().parameter("kind");
  if (kind.empty()) return filter;
  filter.kind = gateway::parse_event_kind(kind);
  if (filter.kind) return filter;
  const std::string words = "must be breaker, operator, config, database or server";
  return fail(invalid_request("kind " + words, {{"kind", words}}));
}

void list(const ApiCall& call) {
  const auto filter = filter_of(call);
  if (!filter) return call.respond(filter.error());
  const auto page = call.gateway.events().read(*filter);
  json::Writer writer;
  writer.begin_object();
  write_events(writer, page.events);
  writer.field("next_seq", page.next_seq).end_object();
  call.respond(200, writer.take());
}

}  // namespace

void add_admin_event_routes(Api& api) {
  api.add(Method::Get, "/admin/events?since&limit&db_id&kind", Access::kOperator, list);
}

}  // namespace sluice::http
