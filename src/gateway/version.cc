#include "gateway/version.h"

#include "postgres/postgres.h"

namespace sluice::gateway {

std::string_view version() { return SLUICE_VERSION; }

std::string libpq_version() { return postgres::libpq_version(); }

}  // namespace sluice::gateway
