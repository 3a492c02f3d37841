#include "shop.h"

#include <sluice/pqxx.h>

namespace shop {
namespace {

using nlohmann::json;
using sluice::Param;

constexpr auto kDatabase = "shop";

/// What an error of the database means for whoever sent the request.
Problem to_problem(const sluice::Error& error) {
  const std::string_view state = error.sqlstate();
  if (state == "23505") return {409, error.message};  // unique_violation
  if (state.starts_with("23")) return {422, error.message};
  if (error.code == sluice::ErrorCode::kInvalidRequest) return {422, error.message};  // a NUL in it
  if (error.code == sluice::ErrorCode::kSqlError) return {500, error.message};
  return {503, error.message};  // down, its breaker open, too many callers, too slow
}

template <typename T>
T value_of(sluice::Result<T> result) {
  if (!result) throw to_problem(result.error());
  return std::move(*result);
}

json to_json(const sluice::Column& column, const std::optional<std::string>& text) {
  if (!text) return nullptr;
  switch (column.kind) {
    case sluice::ValueKind::kBool:
      return *text == "t";
    case sluice::ValueKind::kNumber:
    case sluice::ValueKind::kExactNumber:
      return json::parse(*text);
    default:
      return *text;
  }
}

}  // namespace

void Shop::create_schema() {
  const std::vector<sluice::Query> statements{
      // One at a time: two CREATE TABLE IF NOT EXISTS that run at once may disturb each other.
      {.sql = "SELECT pg_advisory_xact_lock(20251)"},
      {.sql = "CREATE TABLE IF NOT EXISTS users ("
              " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
              " name text NOT NULL, email text NOT NULL UNIQUE)"},
      {.sql = "CREATE TABLE IF NOT EXISTS products ("
              " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,"
              " price_cents int NOT NULL CHECK (price_cents >= 0),"
              " stock int NOT NULL CHECK (stock >= 0))"},
      {.sql = "CREATE TABLE IF NOT EXISTS orders ("
              " id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
              " user_id bigint NOT NULL REFERENCES users,"
              " product_id bigint NOT NULL REFERENCES products,"
              " quantity int NOT NULL CHECK (quantity > 0), total_cents bigint NOT NULL,"
              " ordered_at timestamptz NOT NULL DEFAULT now())"},
      {.sql = "CREATE INDEX IF NOT EXISTS orders_of_user ON orders (user_id)"}};
  value_of(manager_.transaction(kDatabase, statements));
}

/// One JSON object per row.
json Shop::rows(sluice::Query query) {
  const auto result = value_of(manager_.query(kDatabase, std::move(query)));
  json list = json::array();
  for (const auto& row : result.rows) {
    json object = json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      object[result.columns[i].name] = to_json(result.columns[i], row[i]);
    }
    list.push_back(std::move(object));
  }
  return list;
}

json Shop::row(sluice::Query query, const char* what) {
  json list = rows(std::move(query));
  if (list.empty()) throw Problem{404, std::string("there is no such ") + what};
  return std::move(list[0]);
}

json Shop::create_user(Param name, Param email) {
  return row({.sql = "INSERT INTO users (name, email) VALUES ($1, $2) RETURNING *",
              .params = {std::move(name), std::move(email)}},
             "user");
}

json Shop::update_user(std::int64_t id, Param name, Param email) {
  return row({.sql = "UPDATE users SET name = coalesce($2, name), email = coalesce($3, email)"
                     " WHERE id = $1 RETURNING *",
              .params = {id, std::move(name), std::move(email)}},
             "user");
}

json Shop::user(std::int64_t id) {
  return row({.sql = "SELECT * FROM users WHERE id = $1", .params = {id}}, "user");
}

json Shop::users(Page page) {
  return rows({.sql = "SELECT * FROM users ORDER BY id LIMIT $1 OFFSET $2",
               .params = {page.limit, page.offset}});
}

json Shop::create_product(Param name, Param price_cents, Param stock) {
  return row({.sql = "INSERT INTO products (name, price_cents, stock) VALUES ($1, $2, $3)"
                     " RETURNING *",
              .params = {std::move(name), std::move(price_cents), std::move(stock)}},
             "product");
}

json Shop::update_product(std::int64_t id, Param name, Param price_cents, Param stock) {
  return row({.sql = "UPDATE products SET name = coalesce($2, name),"
                     " price_cents = coalesce($3, price_cents), stock = coalesce($4, stock)"
                     " WHERE id = $1 RETURNING *",
              .params = {id, std::move(name), std::move(price_cents), std::move(stock)}},
             "product");
}

json Shop::product(std::int64_t id) {
  return row({.sql = "SELECT * FROM products WHERE id = $1", .params = {id}}, "product");
}

json Shop::products(Page page) {
  return rows({.sql = "SELECT * FROM products ORDER BY id LIMIT $1 OFFSET $2",
               .params = {page.limit, page.offset}});
}

json Shop::create_order(const Param& user_id, const Param& product_id, const Param& quantity) {
  // What is thrown in here rolls back, and goes on to the caller.
  auto order = sluice::in_transaction(manager_, kDatabase, [&](pqxx::work& work) {
    const auto product = work.exec_params(
        "UPDATE products SET stock = stock - $2 WHERE id = $1 AND stock >= $2"
        " RETURNING price_cents::bigint * $2::int",
        product_id.text, quantity.text);
    if (product.empty()) {
      const auto left =
          work.exec_params("SELECT stock FROM products WHERE id = $1", product_id.text);
      if (left.empty()) throw Problem{422, "there is no such product"};
      throw Problem{409, "only " + left[0][0].as<std::string>() + " are left"};
    }
    const auto total = product[0][0].as<std::int64_t>();
    // A user who does not exist is refused by the foreign key.
    const auto id = work.exec_params1(
        "INSERT INTO orders (user_id, product_id, quantity, total_cents)"
        " VALUES ($1, $2, $3, $4) RETURNING id",
        user_id.text, product_id.text, quantity.text, total);
    return json{{"id", id[0].as<std::int64_t>()}, {"total_cents", total}};
  });
  return value_of(std::move(order));
}

json Shop::orders_of(std::int64_t user_id, Page page) {
  user(user_id);
  return rows({.sql =
                   "SELECT orders.id, products.name AS product, quantity, total_cents, ordered_at"
                   " FROM orders JOIN products ON products.id = product_id"
                   " WHERE user_id = $1 ORDER BY orders.id DESC LIMIT $2 OFFSET $3",
               .params = {user_id, page.limit, page.offset}});
}

}  // namespace shop
