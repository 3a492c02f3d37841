#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "json/document.h"

/// What `sluice doctor` looks at, and what it makes of it.
namespace sluice::app::doctor {

struct Finding {
  enum class Level { kOk, kWarning, kError };
  Level level = Level::kOk;
  std::string subject;  ///< a database, a server, "gateway"
  std::string message;  ///< what is so, and what to do about it
};

/// What the gateway is configured to do with one database.
struct Database {
  std::string db_id;
  std::string target;
  std::string state;
  std::string breaker;
  std::int64_t most_connections = 0;  ///< of this gateway: the pool's size and its overflow
};

/// What one database said about itself and its server.
struct Facts {
  std::string db_id;
  std::string server;  ///< the same for all databases of one server
  std::string version;
  std::int64_t version_number = 0;
  std::int64_t max_connections = 0;
  std::int64_t reserved = 0;         ///< for superusers
  std::int64_t role_limit = -1;      ///< -1: none
  std::int64_t database_limit = -1;  ///< -1: none
  std::int64_t transaction_age = 0;
  bool is_encrypted = true;
  bool is_local = true;
  bool fsync = true;
};

/// Answers `Facts`, one row.
extern const char* const kFactsSql;

[[nodiscard]] std::vector<Database> read_databases(const json::Value& databases);
/// From the answer of a fan-out with `kFactsSql`.
[[nodiscard]] std::vector<Facts> read_facts(const json::Value& fan_out);
/// The databases that did not answer, and why.
[[nodiscard]] std::vector<Finding> unreachable(const json::Value& fan_out);

/// Judges each database by itself.
[[nodiscard]] std::vector<Finding> examine_databases(const std::vector<Database>& databases,
                                                     const std::vector<Facts>& facts);
/// Whether each server, role and database allows as many connections as all gateways may open.
[[nodiscard]] std::vector<Finding> examine_budget(const std::vector<Database>& databases,
                                                  const std::vector<Facts>& facts, int replicas);

}  // namespace sluice::app::doctor
