// GET /admin/support-bundle: everything somebody who helps wants to see, in one document.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "gateway/version.h"
#include "http/admin_documents.h"
#include "http/api.h"
#include "json/reports.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

/// What is gathered, one after the other.
struct Bundle {
  std::vector<DatabaseStats> databases;
  std::vector<manager::LiveCall> calls;
  std::vector<gateway::StatementFigures> statements;
};

void write_version(json::Writer& writer) {
  writer.begin_object("version").field("sluice", gateway::version());
  writer.field("libpq", gateway::libpq_version()).field("compiler", __VERSION__).end_object();
}

void write_process(json::Writer& writer, const metrics::ProcessFacts& facts) {
  writer.begin_object("process");
  writer.field("draining", facts.draining).field("active_requests", facts.active_requests);
  writer.field("cpu_seconds", facts.usage.cpu_seconds);
  writer.field("resident_memory_bytes", facts.usage.resident_bytes);
  writer.field("virtual_memory_bytes", facts.usage.virtual_bytes);
  writer.field("open_fds", facts.usage.open_fds).field("max_fds", facts.usage.max_fds);
  writer.field("start_time_seconds", facts.usage.start_time_seconds).end_object();
}

void write_databases(json::Writer& writer, const std::vector<DatabaseStats>& databases) {
  writer.begin_array("databases");
  for (const DatabaseStats& stats : databases) {
    writer.begin_object().field("db_id", stats.db_id);
    writer.raw_field("database", json::database_to_json(stats));
    writer.raw_field("metrics", json::metrics_to_json(stats, {})).end_object();
  }
  writer.end_array();
}

std::string document(const gateway::Gateway& gateway, const Bundle& bundle,
                     std::chrono::system_clock::time_point now) {
  json::Writer writer;
  writer.begin_object().field("created_at", now);
  write_version(writer);
  write_process(writer, gateway.process_facts());
  writer.begin_object("config");
  write_configuration(writer, gateway.configuration().state());
  writer.end_object();
  write_databases(writer, bundle.databases);
  write_queries(writer, bundle.calls);
  write_statements(writer, bundle.statements);
  write_events(writer, gateway.events().read({.limit = gateway::Events::kCapacity}).events);
  writer.raw_field("log", fmt::format("[{}]", fmt::join(gateway.recent_troubles(), ",")));
  writer.end_object();
  return writer.take();
}

void answer(const ApiCall& call, const Bundle& bundle) {
  const auto now = std::chrono::system_clock::now();
  const auto name = fmt::format("sluice-support-{:%Y%m%dT%H%M%SZ}.json",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  Response response;
  response.body = document(call.gateway, bundle, now);
  response.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"{}\"", name));
  response.headers.emplace_back("Cache-Control", "no-store");
  call.exchange->respond(std::move(response));
}

void gather(const ApiCall& call) {
  auto bundle = std::make_shared<Bundle>();
  const auto with_statements = [call, bundle](std::vector<gateway::StatementFigures> statements) {
    bundle->statements = std::move(statements);
    answer(call, *bundle);
  };
  const auto with_calls = [call, bundle, with_statements](std::vector<manager::LiveCall> calls) {
    bundle->calls = std::move(calls);
    call.gateway.watch().statements({.limit = 200}, call.loop(), with_statements);
  };
  call.gateway.stats(call.loop(), [call, bundle, with_calls](std::vector<DatabaseStats> stats) {
    bundle->databases = std::move(stats);
    call.gateway.live_calls({}, call.loop(), with_calls);
  });
}

}  // namespace

void add_admin_bundle_routes(Api& api) {
  api.add(Method::Get, "/admin/support-bundle", Access::kOperator, gather);
}

}  // namespace sluice::http
