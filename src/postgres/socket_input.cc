#include "postgres/socket_input.h"

#include <poll.h>

namespace sluice::postgres {
namespace {

bool more_on_the_way(PGconn& connection) {
  pollfd socket{PQsocket(&connection), POLLIN, 0};
  return ::poll(&socket, 1, 0) > 0;
}

}  // namespace

bool consume_input(PGconn& connection, bool expecting) {
  if (PQconsumeInput(&connection) != 1) return false;
  if (!PQsslInUse(&connection)) return true;
  // libpq takes at least 8 KiB at a time and a TLS record has at most 16: a second reading empties
  // the record. Only a record that arrives between the poll and the reading needs a third.
  for (int readings = 0; readings < 3 && expecting && PQisBusy(&connection); ++readings) {
    if (more_on_the_way(connection)) return true;  // the poller will tell
    if (PQconsumeInput(&connection) != 1) return false;
  }
  return true;
}

}  // namespace sluice::postgres
