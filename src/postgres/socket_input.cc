#include "postgres/socket_input.h"

#include <poll.h>

namespace sluice::postgres {
namespace {

bool more_on_the_way(PGconn& connection) {
  pollfd socket{PQsocket(&connection), POLLIN, 0};
  return ::poll(&socket, 1, 0) > 0;
}

}  // namespace

bool consume_rest(PGconn& connection) {
  if (!PQsslInUse(&connection)) return true;
  // libpq (15.18; 15.20 no more) takes at least 8 KiB at a time, and a TLS record has at most 16:
  // one more reading empties it. Only one that arrives between the poll and the reading needs
  // another.
  for (int readings = 0; readings < 3 && PQisBusy(&connection); ++readings) {
    if (more_on_the_way(connection)) return true;  // the poller will tell
    if (PQconsumeInput(&connection) != 1) return false;
  }
  return true;
}

}  // namespace sluice::postgres
