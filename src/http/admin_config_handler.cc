// /admin/config and /admin/reload: the settings in force, where they come from, and reading them
// again.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "gateway/gateway.h"
#include "http/admin_documents.h"
#include "http/api.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using gateway::ReloadReport;
using Pistache::Http::Method;

std::vector<FieldError> as_fields(const std::vector<config::ConfigMistake>& mistakes) {
  std::vector<FieldError> fields;
  for (const auto& mistake : mistakes) fields.push_back({mistake.where, mistake.message});
  return fields;
}

void show(const ApiCall& call) {
  json::Writer writer;
  writer.begin_object();
  write_configuration(writer, call.gateway.configuration().state());
  writer.end_object();
  call.respond(200, writer.take());
}

std::string changes_to_json(const ReloadReport& report) {
  json::Writer writer;
  writer.begin_object().field("applied", report.applied).begin_array("changes");
  for (const auto& change : report.changes) {
    writer.begin_object().field("name", change.name);
    writer.field("from", change.from).field("to", change.to);
    writer.field("applied", report.applied && change.reloadable);
    writer.field("reloadable", change.reloadable).end_object();
  }
  writer.end_array().end_object();
  return writer.take();
}

void answer(const ApiCall& call, const ReloadReport& report) {
  if (report.mistakes.empty()) return call.respond(200, changes_to_json(report));
  const auto count = report.mistakes.size();
  const auto what = fmt::format(
      "the configuration has {} mistake{}{}; {}: {}", count, count == 1 ? "" : "s",
      report.applied ? ", and the rest of it was taken over" : ", and nothing has changed",
      report.mistakes.front().where, report.mistakes.front().message);
  call.respond(invalid_request(what, as_fields(report.mistakes)));
}

void reload(const ApiCall& call) {
  const auto dry_run = call.flag("dry_run");
  if (!dry_run) return call.respond(dry_run.error());
  if (call.gateway.draining()) return call.respond(manager::manager_closing());
  call.gateway.configuration().order({call.by().name, *dry_run, [call](const ReloadReport& report) {
                                        call.loop().post([call, report] { answer(call, report); });
                                      }});
}

}  // namespace

void add_admin_config_routes(Api& api) {
  api.add(Method::Get, "/admin/config", Access::kOperator, show);
  api.add(Method::Post, "/admin/reload?dry_run", Access::kAdmin, reload);
}

}  // namespace sluice::http
