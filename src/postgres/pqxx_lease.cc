// The way from a lease to libpqxx, apart from how connections get there: who lends none needs none.
#include <stdexcept>

#include "sluice/lease.h"
#include "sluice/pqxx.h"

namespace sluice {

pqxx::connection_base& pqxx_connection(const Lease& lease) {
  void* native = lease.native();
  if (!native) throw std::logic_error("pqxx_connection: the lease is empty");
  return *static_cast<pqxx::connection_base*>(native);
}

}  // namespace sluice
