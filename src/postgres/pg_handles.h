#pragma once

#include <libpq-fe.h>

#include <memory>

namespace sluice::postgres {

struct ConnCloser {
  void operator()(PGconn* conn) const { PQfinish(conn); }
};
struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
struct CancelCloser {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};

/// libpq's objects, owned.
using ConnPtr = std::unique_ptr<PGconn, ConnCloser>;
using ResultPtr = std::unique_ptr<PGresult, ResultCloser>;
using CancelPtr = std::unique_ptr<PGcancel, CancelCloser>;

}  // namespace sluice::postgres
