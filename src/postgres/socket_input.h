#pragma once

#include <libpq-fe.h>

namespace sluice::postgres {

/// Without an answer that is complete: takes in what TLS has decrypted and libpq has not taken yet,
/// as no poller tells of that. Never blocks. False: the connection is lost.
[[nodiscard]] bool consume_rest(PGconn& connection);

}  // namespace sluice::postgres
