#pragma once

#include <sluice/pool_manager.h>

#include <nlohmann/json.hpp>
#include <string>

#include "problem.h"

namespace shop {

/// A part of a list.
struct Page {
  int limit = 20;
  int offset = 0;
};

/// Users, products and orders, in the database "shop" of a PoolManager. Blocks the calling thread;
/// any thread may call. Throws Problem.
class Shop {
 public:
  explicit Shop(sluice::PoolManager& manager) : manager_(manager) {}

  /// Makes the tables that are not there yet. Several services may start at once.
  void create_schema();

  nlohmann::json create_user(sluice::Param name, sluice::Param email);
  nlohmann::json update_user(std::int64_t id, sluice::Param name, sluice::Param email);
  nlohmann::json user(std::int64_t id);
  nlohmann::json users(Page page);

  nlohmann::json create_product(sluice::Param name, sluice::Param price_cents, sluice::Param stock);
  nlohmann::json update_product(std::int64_t id, sluice::Param name, sluice::Param price_cents,
                                sluice::Param stock);
  nlohmann::json product(std::int64_t id);
  nlohmann::json products(Page page);

  /// Takes the goods out of the stock and records the order, or does neither.
  nlohmann::json create_order(const sluice::Param& user_id, const sluice::Param& product_id,
                              const sluice::Param& quantity);
  /// With the names of the products, the newest first.
  nlohmann::json orders_of(std::int64_t user_id, Page page);

 private:
  nlohmann::json rows(sluice::Query query);
  nlohmann::json row(sluice::Query query, const char* what);

  sluice::PoolManager& manager_;
};

}  // namespace shop
