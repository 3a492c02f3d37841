#include "app/client/problem.h"
#include "app/commands/listing.h"
#include "app/doctor/examination.h"

namespace sluice::app::doctor {
namespace {

using commands::number_at;
using commands::text_at_path;

std::int64_t whole(const json::Value& value, std::string_view path) {
  return static_cast<std::int64_t>(number_at(value, path));
}

bool is_true(const json::Value& value, std::string_view path) {
  return text_at_path(value, path) == "true";
}

Facts facts_of(std::string_view db_id, const json::Value& row) {
  return {.db_id = std::string(db_id),
          .server = text_at_path(row, "server"),
          .version = text_at_path(row, "version"),
          .version_number = whole(row, "version_number"),
          .max_connections = whole(row, "max_connections"),
          .reserved = whole(row, "reserved"),
          .role_limit = whole(row, "role_limit"),
          .database_limit = whole(row, "database_limit"),
          .transaction_age = whole(row, "transaction_age"),
          .is_encrypted = is_true(row, "is_encrypted"),
          .is_local = is_true(row, "is_local"),
          .fsync = is_true(row, "fsync")};
}

}  // namespace

// A server is known by when it started: names and addresses of the same one may differ.
const char* const kFactsSql = R"(
SELECT pg_postmaster_start_time()::text || ' ' || current_setting('port') AS server,
       current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS version_number,
       current_setting('max_connections')::int AS max_connections,
       current_setting('superuser_reserved_connections')::int
         + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_limit,
       d.datconnlimit AS database_limit, age(d.datfrozenxid) AS transaction_age,
       coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS is_encrypted,
       coalesce(inet_client_addr() << '127.0.0.0/8' OR inet_client_addr() = '::1', true) AS is_local,
       current_setting('fsync')::boolean AS fsync
  FROM pg_database d WHERE d.datname = current_database())";

std::vector<Database> read_databases(const json::Value& databases) {
  std::vector<Database> list;
  const json::Value* found = databases.find("databases");
  if (found == nullptr) return list;
  for (const json::Value& each : *found) {
    list.push_back({.db_id = text_at_path(each, "db_id"),
                    .target = text_at_path(each, "target"),
                    .state = text_at_path(each, "state"),
                    .breaker = text_at_path(each, "breaker.state"),
                    .most_connections = whole(each, "settings.pool.max_size") +
                                        whole(each, "settings.pool.max_overflow")});
  }
  return list;
}

std::vector<Facts> read_facts(const json::Value& fan_out) {
  std::vector<Facts> list;
  const json::Value* successes = fan_out.find("successes");
  if (successes == nullptr) return list;
  for (const json::Value& leg : *successes) {
    for (const json::Value& row : *leg.find("rows")) {
      list.push_back(facts_of(client::text_at(leg, "db_id"), row));
    }
  }
  return list;
}

std::vector<Finding> unreachable(const json::Value& fan_out) {
  std::vector<Finding> list;
  const json::Value* failures = fan_out.find("failures");
  if (failures == nullptr) return list;
  for (const json::Value& leg : *failures) {
    const json::Value* error = leg.find("error");
    if (error == nullptr) continue;
    list.push_back({Finding::Level::kError, text_at_path(leg, "db_id"),
                    "does not answer: " + client::describe_problem(*error).message});
  }
  return list;
}

}  // namespace sluice::app::doctor
