#include "http/admin_documents.h"

#include <chrono>
#include <optional>
#include <string>

#include "gateway/sql_display.h"

namespace sluice::http {
namespace {

using gateway::Event;
using gateway::ReloadReport;
using gateway::StatementFigures;
using manager::LiveCall;

std::optional<std::string> known(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

void write(json::Writer& writer, const LiveCall& call) {
  writer.begin_object();
  writer.field("id", call.id).field("db_id", call.db_id);
  writer.field("sql", gateway::displayed_sql(call.sql));
  writer.field("phase", to_string(call.phase));
  writer.field("elapsed_ms", call.elapsed).field("queued_ms", call.queued);
  writer.field("actor", known(call.actor)).field("client", known(call.client));
  writer.field("request_id", known(call.request_id)).field("read_only", call.read_only);
  writer.end_object();
}

void write(json::Writer& writer, const StatementFigures& one) {
  const auto ago = std::chrono::steady_clock::now() - one.last_used;
  const auto used = std::chrono::system_clock::now() -
                    std::chrono::duration_cast<std::chrono::system_clock::duration>(ago);
  writer.begin_object();
  writer.field("db_id", one.db_id).field("sql", one.sql).field("calls", one.calls);
  writer.field("errors", one.errors).field("rows", one.rows).field("total_ms", one.total);
  writer.field("mean_ms", one.total / one.calls).field("max_ms", one.max);
  writer.field("last_used", used);
  writer.end_object();
}

void write(json::Writer& writer, const Event& event) {
  writer.begin_object();
  writer.field("seq", event.seq).field("time", event.time).field("kind", to_string(event.kind));
  writer.field("db_id", known(event.db_id)).field("actor", known(event.actor));
  writer.field("message", event.message);
  writer.end_object();
}

void write(json::Writer& writer, const ReloadReport& reload) {
  writer.begin_object("last_reload");
  writer.field("time", reload.time).field("actor", reload.actor).field("applied", reload.applied);
  writer.field("changes", reload.changes.size()).begin_array("errors");
  for (const auto& mistake : reload.mistakes) {
    writer.begin_object();
    writer.field("field", mistake.where).field("message", mistake.message).end_object();
  }
  writer.end_array().end_object();
}

void write(json::Writer& writer, const config::SettingReport& setting) {
  writer.begin_object();
  writer.field("name", setting.name).field("value", setting.value);
  writer.field("origin", to_string(setting.origin)).field("where", known(setting.where));
  writer.field("reloadable", setting.reloadable).end_object();
}

}  // namespace

void write_queries(json::Writer& writer, const std::vector<LiveCall>& calls) {
  writer.begin_array("queries");
  for (const LiveCall& call : calls) write(writer, call);
  writer.end_array();
}

void write_statements(json::Writer& writer, const std::vector<StatementFigures>& statements) {
  writer.begin_array("statements");
  for (const StatementFigures& one : statements) write(writer, one);
  writer.end_array();
}

void write_events(json::Writer& writer, const std::vector<Event>& events) {
  writer.begin_array("events");
  for (const Event& event : events) write(writer, event);
  writer.end_array();
}

void write_configuration(json::Writer& writer, const gateway::Configuration::State& state) {
  writer.field("file", known(state.report.file));
  if (state.last_reload) {
    write(writer, *state.last_reload);
  } else {
    writer.field("last_reload", nullptr);
  }
  writer.begin_array("settings");
  for (const auto& setting : state.report.settings) write(writer, setting);
  writer.end_array();
}

}  // namespace sluice::http
