#pragma once

#include <httplib.h>

#include "shop.h"

namespace shop {

/// Gives the server its routes.
void add_routes(httplib::Server& server, Shop& shop, sluice::PoolManager& manager);

}  // namespace shop
