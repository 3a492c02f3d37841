#pragma once

#include <memory>
#include <string>

#include "pool/connection.h"

/// PostgreSQL connections for the pool: connected and driven through asynchronous libpq on the
/// loop's thread, adopted by libpqxx for those who lease one. docs/adr/0002 says who does what.
namespace sluice::postgres {

struct Options {
  int cancel_threads = 16;  ///< cancel requests that may be under way at once
  /// Host names that may be looked up at once; threads start when needed, and most never do. So
  /// many names may be stuck in a silent name server before others wait for them.
  int resolver_threads = 64;
  /// Log-ins that may be computed at once. Each takes milliseconds, and a restarted server has
  /// many.
  int log_in_threads = 2;
};

/// The factory owns the threads, and must outlive its connectors and their connections.
[[nodiscard]] std::unique_ptr<pool::ConnectorFactory> make_connector_factory(
    const Options& options);

/// The version of libpq that is loaded, "15.8".
[[nodiscard]] std::string libpq_version();

}  // namespace sluice::postgres
