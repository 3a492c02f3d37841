#pragma once

#include <vector>

#include "gateway/configuration.h"
#include "gateway/events.h"
#include "gateway/statement_table.h"
#include "json/writer.h"
#include "manager/live_call.h"

namespace sluice::http {

// What the /admin routes and the support bundle show, each as members of an object that is open.

/// "queries": […]
void write_queries(json::Writer& writer, const std::vector<manager::LiveCall>& calls);
/// "statements": […]
void write_statements(json::Writer& writer,
                      const std::vector<gateway::StatementFigures>& statements);
/// "events": […]
void write_events(json::Writer& writer, const std::vector<gateway::Event>& events);
/// "file", "last_reload", "settings": […]
void write_configuration(json::Writer& writer, const gateway::Configuration::State& state);

}  // namespace sluice::http
