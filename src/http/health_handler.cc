// Liveness, readiness and health.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/reports.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

/// Touches no database and no other thread: it answers while the process works.
void ping(const ApiCall& call) {
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  call.respond(200, fmt::format(R"({{"status":"ok","message":"pong","timestamp":"{:%FT%TZ}"}})",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(now))));
}

bool ready(const Health& health) {
  for (const DatabaseHealth& database : health.databases) {
    if (database.required && !database.healthy) return false;
  }
  return true;
}

void readiness(const ApiCall& call) {
  if (call.gateway.draining()) return call.respond(503, R"({"status":"draining"})");
  call.gateway.health(false, call.loop(), [call](const Health& health) {
    if (ready(health)) return call.respond(200, R"({"status":"ready"})");
    call.respond(503, R"({"status":"not_ready","reason":"a required database is down"})");
  });
}

void health(const ApiCall& call) {
  const bool known = call.principal.has_value();
  const auto probe = call.flag("probe");
  if (!probe) return call.respond(probe.error());
  call.gateway.health(known && *probe, call.loop(), [call, known](const Health& health) {
    const bool usable = health.verdict != Health::Verdict::kUnhealthy;
    call.respond(usable ? 200 : 503, json::to_json(health, known));
  });
}

}  // namespace

void add_health_routes(Api& api) {
  api.add(Method::Get, "/livez?*", Access::kPublic, ping);
  api.add(Method::Get, "/health/ping?*", Access::kPublic, ping);
  api.add(Method::Get, "/readyz?*", Access::kPublic, readiness);
  api.add(Method::Get, "/health?probe", Access::kPublic, health);
}

}  // namespace sluice::http
