#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "postgres/parameters.h"
#include "postgres/pipeline.h"
#include "postgres/statement_cache.h"
#include "postgres/types.h"

namespace sluice::postgres {

/// A session setting: name and value.
using Setting = std::pair<std::string, std::string>;

/// What we know of one connection's session; shared by whatever runs on it, one after the other.
struct Session {
  base::EventLoop& loop;
  PGconn& connection;
  Pipeline pipeline;
  StatementCache cache;
  std::shared_ptr<TypeCatalog> types;
  std::chrono::milliseconds statement_timeout;  ///< what the session starts with. 0: none
  /// Settings that the server did not take in the start-up packet and that a reset must repeat.
  std::vector<Setting> settings_to_repeat;
  /// A proxy may give every transaction another session of the server: those settings go with each
  /// statement, for as long as it runs, and leave nothing behind in sessions that others share.
  bool settings_in_each_group = false;

  std::string timeout_statement;  ///< prepared names; empty: not prepared
  std::string read_only_statement;
  ParameterValues values;  ///< scratch

  bool used = false;   ///< something ran since the last reset
  bool dirty = false;  ///< something ran that may have changed the session
  bool stale = false;  ///< prepared statements may have gone, or may have been added by others

  [[nodiscard]] bool in_transaction() const {
    return PQtransactionStatus(&connection) != PQTRANS_IDLE;
  }
  /// The statement that was to prepare them may not have run.
  void forget_settings() {
    for (std::string* name : {&timeout_statement, &read_only_statement}) {
      if (!name->empty()) cache.evict(std::exchange(*name, {}));
    }
  }
  /// The server has, or may have, forgotten our prepared statements.
  void forget_statements() {
    cache.clear();
    timeout_statement.clear();
    read_only_statement.clear();
  }
};

}  // namespace sluice::postgres
