#pragma once

#include <pqxx/pqxx>

#include "sluice/lease.h"

namespace sluice {

/// The leased connection, for libpqxx: `pqxx::work transaction(sluice::pqxx_connection(lease));`.
/// Valid until the lease is given back. Destroy transactions, prepared streams and notification
/// receivers before that. Calls through it block the calling thread. Do not close it: the lease
/// does that, if need be. A connection that breaks is not reconnected (libpqxx would lose the
/// session's state); take another lease. Throws std::logic_error when the lease is empty.
[[nodiscard]] pqxx::connection_base& pqxx_connection(const Lease& lease);

}  // namespace sluice
