#pragma once

#include <memory>

#include "http/http_exchange.h"
#include "http/router.h"
#include "http/site_policy.h"

namespace sluice::http {

/// What happens between a complete request and its handler: the checks of Host and Origin, CORS,
/// OPTIONS, routing, the media type, and the last resort when a handler throws. Immutable, shared
/// by all workers.
class Dispatcher {
 public:
  Dispatcher(const Router& router, SitePolicy policy)
      : router_(router), policy_(std::move(policy)) {}

  /// Answers the exchange, or hands it to its handler.
  void dispatch(const std::shared_ptr<HttpExchange>& exchange) const;
  /// Adds what lets web pages read the answer, to one that is refused before it got here.
  void let_pages_read(HttpExchange& exchange) const;

 private:
  [[nodiscard]] bool decode_target(HttpExchange& exchange, std::string_view path) const;
  [[nodiscard]] Router::Match find(const Request& request, std::string_view path) const;
  [[nodiscard]] bool may_enter(HttpExchange& exchange, const Router::Match& match) const;
  [[nodiscard]] bool may_come_from(HttpExchange& exchange, std::string_view origin) const;
  void handle(const std::shared_ptr<HttpExchange>& exchange, Router::Match match) const;
  void answer_without_handler(HttpExchange& exchange, const Router::Match& match) const;

  const Router& router_;
  const SitePolicy policy_;
};

}  // namespace sluice::http
