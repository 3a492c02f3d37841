#pragma once

#include <libpq-fe.h>

namespace sluice::postgres {

/// Reads what has arrived, without blocking. False: the connection is lost. `expecting`: answers
/// are outstanding, so that nothing may be left in TLS buffers, where no poller sees it.
[[nodiscard]] bool consume_input(PGconn& connection, bool expecting);

}  // namespace sluice::postgres
