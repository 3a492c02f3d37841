#include "api.h"

#include <charconv>

#include "fields.h"

namespace shop {
namespace {

using httplib::Request;
using httplib::Response;
using nlohmann::json;
using Presence = Fields::Presence;

void answer(Response& response, int status, const json& body) {
  response.status = status;
  response.set_content(body.dump(), "application/json");
}

/// Whatever a handler throws.
void answer_exception(const Request&, Response& response, std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const Problem& problem) {
    json body{{"error", problem.message}};
    if (!problem.fields.empty()) body["fields"] = problem.fields;
    if (problem.status == 503) response.set_header("Retry-After", "1");
    answer(response, problem.status, body);
  } catch (const std::exception& bug) {
    answer(response, 500, {{"error", bug.what()}});
  }
}

std::int64_t id_of(const Request& request) { return std::stoll(request.matches[1]); }

int number(const Request& request, const char* name, int otherwise, int most) {
  if (!request.has_param(name)) return otherwise;
  const std::string text = request.get_param_value(name);
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (whole && value >= 0 && value <= most) return value;
  const std::string range = "must be an integer from 0 to " + std::to_string(most);
  throw Problem{422, "some parameters are wrong", {{name, range}}};
}

Page page_of(const Request& request) {
  return {number(request, "limit", 20, 100), number(request, "offset", 0, 1'000'000)};
}

void add_users(httplib::Server& server, Shop& shop) {
  server.Post("/users", [&shop](const Request& request, Response& response) {
    Fields fields(request.body, Presence::kRequired);
    auto name = fields.text("name");
    auto email = fields.email("email");
    fields.check();
    answer(response, 201, shop.create_user(std::move(name), std::move(email)));
  });
  server.Patch(R"(/users/(\d{1,18}))", [&shop](const Request& request, Response& response) {
    Fields fields(request.body, Presence::kOptional);
    auto name = fields.text("name");
    auto email = fields.email("email");
    fields.check();
    answer(response, 200, shop.update_user(id_of(request), std::move(name), std::move(email)));
  });
  server.Get("/users", [&shop](const Request& request, Response& response) {
    answer(response, 200, shop.users(page_of(request)));
  });
  server.Get(R"(/users/(\d{1,18}))", [&shop](const Request& request, Response& response) {
    answer(response, 200, shop.user(id_of(request)));
  });
  server.Get(R"(/users/(\d{1,18})/orders)", [&shop](const Request& request, Response& response) {
    answer(response, 200, shop.orders_of(id_of(request), page_of(request)));
  });
}

void add_products(httplib::Server& server, Shop& shop) {
  server.Post("/products", [&shop](const Request& request, Response& response) {
    Fields fields(request.body, Presence::kRequired);
    auto name = fields.text("name");
    auto price = fields.integer("price_cents", 0);
    auto stock = fields.integer("stock", 0);
    fields.check();
    answer(response, 201, shop.create_product(std::move(name), std::move(price), std::move(stock)));
  });
  server.Patch(R"(/products/(\d{1,18}))", [&shop](const Request& request, Response& response) {
    Fields fields(request.body, Presence::kOptional);
    auto name = fields.text("name");
    auto price = fields.integer("price_cents", 0);
    auto stock = fields.integer("stock", 0);
    fields.check();
    answer(
        response, 200,
        shop.update_product(id_of(request), std::move(name), std::move(price), std::move(stock)));
  });
  server.Get("/products", [&shop](const Request& request, Response& response) {
    answer(response, 200, shop.products(page_of(request)));
  });
  server.Get(R"(/products/(\d{1,18}))", [&shop](const Request& request, Response& response) {
    answer(response, 200, shop.product(id_of(request)));
  });
}

void add_orders(httplib::Server& server, Shop& shop) {
  server.Post("/orders", [&shop](const Request& request, Response& response) {
    Fields fields(request.body, Presence::kRequired);
    const auto user = fields.integer("user_id", 1);
    const auto product = fields.integer("product_id", 1);
    const auto quantity = fields.integer("quantity", 1);
    fields.check();
    answer(response, 201, shop.create_order(user, product, quantity));
  });
}

}  // namespace

void add_routes(httplib::Server& server, Shop& shop, sluice::PoolManager& manager) {
  server.set_exception_handler(answer_exception);
  add_users(server, shop);
  add_products(server, shop);
  add_orders(server, shop);
  server.Get("/health", [&manager](const Request&, Response& response) {
    const auto verdict = manager.health().verdict;
    const bool usable = verdict != sluice::Health::Verdict::kUnhealthy;
    answer(response, usable ? 200 : 503, {{"status", to_string(verdict)}});
  });
}

}  // namespace shop
