// /databases: connect, list, inspect, change, disconnect.
#include <fmt/format.h>

#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/reports.h"
#include "json/requests.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

constexpr std::chrono::seconds kDrainPatience{30};

json::Problem host_not_allowed(const std::string& host) {
  return json::Problem::of(
      403, "forbidden", "Not allowed",
      fmt::format("the host \"{}\" is not on the allow-list for connects; an administrator can add "
                  "it to security.connect_hosts",
                  host));
}

void connect(const ApiCall& call) {
  auto decode = [call] {
    return json::decode_connect(call.request().body, [&call](const json::ConnectRequest& wanted) {
      return call.gateway.connect_base(wanted);
    });
  };
  auto request = decode();
  if (!request) return call.respond(request.error());
  if (const auto host = call.gateway.forbidden_host(request->target)) {
    return call.respond(host_not_allowed(*host));
  }
  call.gateway.operations().connect(
      std::move(*request), decode, call.by(), [call](Result<Connected> connected) {
        if (!connected) return call.respond(connected.error());
        call.respond(connected->created ? 201 : 200, json::to_json(*connected));
      });
}

void list(const ApiCall& call) {
  call.gateway.stats(call.loop(), [call](const std::vector<DatabaseStats>& stats) {
    call.respond(200, json::databases_to_json(stats));
  });
}

void show(const ApiCall& call) {
  call.gateway.stats(call.db_id(), call.loop(), [call](const Result<DatabaseStats>& stats) {
    if (!stats) return call.respond(stats.error());
    call.respond(200, json::database_to_json(*stats));
  });
}

void change(const ApiCall& call) {
  auto revise = [call](const DatabaseOptions& current) {
    return json::decode_patch(call.request().body, current);
  };
  call.gateway.operations().configure(call.db_id(), revise, call.by(),
                                      [call](const Status& status) {
                                        if (!status) return call.respond(status.error());
                                        show(call);
                                      });
}

void disconnect(const ApiCall& call) {
  const auto force = call.flag("force");
  if (!force) return call.respond(force.error());
  const base::Duration patience = *force ? base::Duration{} : kDrainPatience;
  call.gateway.operations().disconnect(
      call.db_id(), patience, call.by(), [call](const Status& status) {
        if (!status) return call.respond(status.error());
        call.respond(200, fmt::format(R"({{"db_id":"{}","status":"disconnected"}})", call.db_id()));
      });
}

}  // namespace

void add_database_routes(Api& api) {
  api.add(Method::Post, "/databases/connect", Access::kAdmin, connect);
  api.add(Method::Get, "/databases", Access::kQuery, list);
  api.add(Method::Get, "/databases/:db_id", Access::kQuery, show);
  api.add(Method::Patch, "/databases/:db_id", Access::kAdmin, change);
  api.add(Method::Delete, "/databases/:db_id?force", Access::kAdmin, disconnect);
}

}  // namespace sluice::http
