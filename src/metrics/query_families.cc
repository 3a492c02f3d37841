#include <string>
#include <string_view>

#include "metrics/families.h"
#include "metrics/series.h"

namespace sluice::metrics {
namespace {

using Stats = DatabaseStats;

/// The parts of "user@host:port/database".
struct Address {
  std::string host;
  std::string port;
  std::string database;
};

Address address_of(std::string_view target) {
  for (std::size_t colon = target.find(':'); colon != target.npos;
       colon = target.find(':', colon + 1)) {
    const std::size_t slash = target.find_first_not_of("0123456789", colon + 1);
    if (slash == target.npos || target[slash] != '/' || slash == colon + 1) continue;
    const std::size_t at = target.rfind('@', colon);
    const std::size_t host = at == target.npos ? 0 : at + 1;
    return {std::string(target.substr(host, colon - host)),
            std::string(target.substr(colon + 1, slash - colon - 1)),
            std::string(target.substr(slash + 1))};
  }
  return {};
}

Labels operation_labels(const Stats& stats) {
  const Address address = address_of(stats.target);
  Labels labels{{"db_system_name", "postgresql"}, {"database", stats.db_id}};
  if (!address.database.empty()) labels.emplace_back("db_namespace", address.database);
  if (!stats.hosts.empty()) return labels;  // which host it was is not known
  if (!address.host.empty()) labels.emplace_back("server_address", address.host);
  if (!address.port.empty() && address.port != "5432") {
    labels.emplace_back("server_port", address.port);
  }
  return labels;
}

Family operation_durations(const Databases& databases) {
  Family family = Family::histogram("db_client_operation_duration_seconds",
                                    "Duration of calls, from sending to the last row.");
  for (const Stats& stats : databases) {
    const Labels target = operation_labels(stats);
    for (const OperationStats& kind : stats.operations) {
      Labels labels = with(target, "db_operation_name", kind.operation);
      if (!kind.error.empty()) labels.emplace_back("error_type", kind.error);
      family.add(labels, kind.duration);
    }
  }
  return family;
}

Family returned_rows(const Databases& databases) {
  Family family = Family::histogram("db_client_response_returned_rows", "Rows per statement.");
  for (const Stats& stats : databases) family.add(operation_labels(stats), stats.row_histogram);
  return family;
}

}  // namespace

std::vector<Family> query_families(const Databases& databases) {
  std::vector<Family> families{operation_durations(databases), returned_rows(databases)};
  const auto counter = [&](const char* name, const char* help, const auto& value) {
    families.push_back(each(Family::counter(name, help), databases, value));
  };
  counter("sluice_queries_total", "Calls that reached the database.",
          [](const Stats& stats) { return stats.queries; });
  counter("sluice_query_errors_total", "Calls that ended with an error.",
          [](const Stats& stats) { return stats.errors; });
  families.push_back(each_kind(
      Family::counter("sluice_query_errors_by_sqlstate_total",
                      "Errors the server answered with, by SQLSTATE."),
      "sqlstate", databases,
      [](const Stats& stats) -> const auto& { return stats.errors_by_sqlstate; }));
  counter("sluice_response_rows_total", "Rows read.",
          [](const Stats& stats) { return stats.rows; });
  counter("sluice_response_bytes_total", "Bytes of JSON made of rows.",
          [](const Stats& stats) { return stats.response_bytes; });
  counter("sluice_truncated_responses_total", "Results that a limit cut.",
          [](const Stats& stats) { return stats.truncated; });
  return families;
}

}  // namespace sluice::metrics
