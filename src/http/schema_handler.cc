// GET /databases/<db_id>/schema: what a database holds.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"

namespace sluice::http {
namespace {

using gateway::kSchemaLists;
using gateway::SchemaFilter;
using Pistache::Http::Method;

/// "tables,views"; all of them when it is empty.
Result<std::vector<std::string>> wanted_lists(std::string_view include) {
  std::vector<std::string> lists;
  if (include.empty()) return std::vector<std::string>(kSchemaLists.begin(), kSchemaLists.end());
  while (true) {
    const auto comma = include.find(',');
    const auto name = include.substr(0, comma);
    if (std::ranges::find(kSchemaLists, name) == kSchemaLists.end()) {
      const auto what = fmt::format("must be a list of {}", fmt::join(kSchemaLists, ", "));
      return fail(invalid_request("include " + what, {{"include", what}}));
    }
    lists.emplace_back(name);
    if (comma == std::string_view::npos) return lists;
    include.remove_prefix(comma + 1);
  }
}

std::optional<std::string> name_of(const ApiCall& call, std::string_view parameter) {
  const auto name = call.request().parameter(parameter);
  if (name.empty()) return std::nullopt;
  return std::string(name);
}

Result<SchemaFilter> filter_of(const ApiCall& call) {
  SchemaFilter filter;
  auto lists = wanted_lists(call.request().parameter("include"));
  if (!lists) return fail(lists.error());
  filter.lists = std::move(*lists);
  const auto system = call.flag("system");
  if (!system) return fail(system.error());
  filter.system = *system;
  const auto limit = call.number("limit", {1, SchemaFilter::kMostEntries});
  if (!limit) return fail(limit.error());
  if (*limit) filter.limit = static_cast<std::size_t>(**limit);
  filter.schema = name_of(call, "schema");
  filter.table = name_of(call, "table");
  filter.function = name_of(call, "function");
  filter.type = name_of(call, "type");
  return filter;
}

void schema(const ApiCall& call) {
  auto filter = filter_of(call);
  if (!filter) return call.respond(filter.error());
  const auto running = call.gateway.schemas().run(
      {call.db_id(), std::move(*filter), call.loop(), call.request().received_at,
       &call.exchange->origin()},
      [call](Result<gateway::QueryAnswer> answer) { respond_answer(call, std::move(answer)); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

}  // namespace

void add_schema_routes(Api& api) {
  api.add_work(Method::Get,
               "/databases/:db_id/schema?schema&table&function&type&include&system&limit", schema);
}

}  // namespace sluice::http
