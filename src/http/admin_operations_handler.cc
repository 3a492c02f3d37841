// /admin/databases/<db_id>: operators' actions and answers.
#include <fmt/format.h>

#include <utility>

#include "gateway/gateway.h"
#include "http/api.h"
#include "json/reports.h"
#include "json/requests.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using gateway::Operations;
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
  const auto by = call.by(request->reason);
  call.gateway.operations().force_breaker(call.db_id(), *request, by, [call](const Status& status) {
    if (!status) return call.respond(status.error());
    why(call);
  });
}

std::string still_running(const DatabaseStats& stats) {
  const int used = stats.pool.used;
  if (used == 0) return "nothing runs";
  return fmt::format("{} connection{} still in use", used, used == 1 ? " is" : "s are");
}

/// What has happened, and what happens next.
std::string outcome(Operations::Verb verb, const DatabaseStats& stats) {
  switch (verb) {
    case Operations::Verb::kPause:
      return fmt::format("calls wait until the database is resumed, at most {} ms; {}",
                         stats.options.pool.acquire_timeout.count(), still_running(stats));
    case Operations::Verb::kResume:
      return "calls are served";
    case Operations::Verb::kReconnect:
      return "idle connections were replaced; those in use follow when they come back";
    case Operations::Verb::kDrain:
      return "nothing new is taken until the database is resumed; " + still_running(stats);
  }
  return "";
}

void answer_act(const ApiCall& call, Operations::Verb verb, const DatabaseStats& stats) {
  json::Writer writer;
  writer.begin_object();
  writer.field("db_id", stats.db_id).field("state", to_string(stats.state));
  writer.field("message", outcome(verb, stats));
  writer.end_object();
  call.respond(200, writer.take());
}

void act(const ApiCall& call, Operations::Verb verb) {
  auto reason = json::decode_reason(call.request().body);
  if (!reason) return call.respond(reason.error());
  const auto by = call.by(std::move(*reason));
  call.gateway.operations().act(verb, call.db_id(), by, [call, verb](const Status& status) {
    if (!status) return call.respond(status.error());
    call.gateway.stats(call.db_id(), call.loop(), [call, verb](const Result<DatabaseStats>& stats) {
      if (!stats) return call.respond(stats.error());
      answer_act(call, verb, *stats);
    });
  });
}

void answer_probe(const ApiCall& call, const Result<manager::TrialReport>& report) {
  if (!report && report.error().code == ErrorCode::kUnknownDatabase) {
    return call.respond(report.error());
  }
  json::Writer writer;
  writer.begin_object();
  writer.field("db_id", call.db_id()).field("ok", report.has_value());
  if (report) {
    writer.field("latency_ms", report->latency).field("server_version", report->server_version);
  } else {
    writer.field("latency_ms", nullptr).raw_field("error", json::error_to_json(report.error()));
  }
  writer.end_object();
  call.respond(200, writer.take());
}

void probe(const ApiCall& call) {
  auto reason = json::decode_reason(call.request().body);
  if (!reason) return call.respond(reason.error());
  call.gateway.operations().probe(
      call.db_id(), call.by(std::move(*reason)),
      [call](const Result<manager::TrialReport>& report) { answer_probe(call, report); });
}

}  // namespace

void add_admin_operation_routes(Api& api) {
  api.add(Method::Get, "/admin/databases/:db_id/why", Access::kOperator, why);
  api.add(Method::Post, "/admin/databases/:db_id/breaker", Access::kOperator, breaker);
  api.add(Method::Post, "/admin/databases/:db_id/probe", Access::kOperator, probe);
  const auto add = [&api](const char* name, Operations::Verb verb) {
    api.add(Method::Post, std::string("/admin/databases/:db_id/") + name, Access::kOperator,
            [verb](const ApiCall& call) { act(call, verb); });
  };
  add("pause", Operations::Verb::kPause);
  add("resume", Operations::Verb::kResume);
  add("reconnect", Operations::Verb::kReconnect);
  add("drain", Operations::Verb::kDrain);
}

}  // namespace sluice::http
