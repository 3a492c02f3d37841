#pragma once

#include "config/node.h"

namespace sluice::config {

/// Lays the environment over the file's tree: SLUICE_POOL__MAX_SIZE becomes pool.max_size, which
/// then hides the file's; SLUICE_DATABASES__ORDERS__URL the url of database "orders" (of a database
/// of the file if its id reads so with "_" for "-" and "."); DATABASE_URL or DB_HOST, DB_PORT,
/// DB_NAME, DB_USER, DB_PASSWORD (DB_PASS) the database "default". Variables of SLUICE_ without a
/// double underscore are left alone: Kubernetes makes some for every service.
void overlay_environment(Node& root, const Environment& environment, Mistakes& mistakes);

}  // namespace sluice::config
