// GET /admin/statements: which statements cost what.
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "gateway/gateway.h"
#include "http/admin_documents.h"
#include "http/api.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using gateway::StatementFigures;
using gateway::StatementFilter;
using Pistache::Http::Method;
using Order = StatementFilter::Order;

struct OrderName {
  std::string_view name;
  Order order;
};
constexpr std::array<OrderName, 4> kOrders{{{"total_ms", Order::kTotal},
                                            {"mean_ms", Order::kMean},
                                            {"calls", Order::kCalls},
                                            {"errors", Order::kErrors}}};
constexpr std::int64_t kMostStatements = 1'000;

Result<StatementFilter> filter_of(const ApiCall& call) {
  StatementFilter filter;
  filter.db_id = call.request().parameter("db_id");
  const auto limit = call.number("limit", {1, kMostStatements});
  if (!limit) return fail(limit.error());
  if (*limit) filter.limit = static_cast<std::size_t>(**limit);
  const auto name = call.request().parameter("order");
  if (name.empty()) return filter;
  const auto* found = std::ranges::find(kOrders, name, &OrderName::name);
  if (found == kOrders.end()) {
    const std::string words = "must be total_ms, mean_ms, calls or errors";
    return fail(invalid_request("order " + words, {{"order", words}}));
  }
  filter.order = found->order;
  return filter;
}

void list(const ApiCall& call) {
  const auto filter = filter_of(call);
  if (!filter) return call.respond(filter.error());
  call.gateway.watch().statements(*filter, call.loop(),
                                  [call](const std::vector<StatementFigures>& statements) {
                                    json::Writer writer;
                                    writer.begin_object();
                                    write_statements(writer, statements);
                                    writer.field("count", statements.size()).end_object();
                                    call.respond(200, writer.take());
                                  });
}

}  // namespace

void add_admin_statement_routes(Api& api) {
  api.add(Method::Get, "/admin/statements?db_id&order&limit", Access::kOperator, list);
}

}  // namespace sluice::http
