#include "app/access_log.h"

#include <string_view>
#include <vector>

namespace sluice::app {

namespace {

/// A dashboard that is open reads something every second.
bool is_routine(const http::AccessRecord& record) {
  return record.status < 400 && record.request.route.starts_with("/admin") &&
         record.request.method == Pistache::Http::Method::Get;
}

}  // namespace

void log_access(Log& log, const http::AccessRecord& record) {
  if (!log.shows(is_routine(record) ? LogLevel::kDebug : LogLevel::kInfo)) return;
  const http::Request& request = record.request;
  const std::string_view method = methodString(request.method);
  const double duration_ms = static_cast<double>(record.elapsed.count()) / 1000;
  std::vector<LogField> fields{{"request_id", request.request_id}, {"method", method},
                               {"route", request.route},           {"status", record.status},
                               {"duration_ms", duration_ms},       {"bytes", record.response_bytes},
                               {"client", request.client}};
  const auto db_id = request.path_parameters.find("db_id");
  if (db_id != request.path_parameters.end()) fields.emplace_back("db_id", db_id->second);
  if (!record.origin.actor.empty()) fields.emplace_back("actor", record.origin.actor);
  const auto trace_id = manager::trace_id(record.origin.traceparent);
  if (record.incomplete) fields.emplace_back("incomplete", true);
  if (!trace_id.empty()) fields.emplace_back("trace_id", trace_id);
  log.info("request", fields);
}

}  // namespace sluice::app
