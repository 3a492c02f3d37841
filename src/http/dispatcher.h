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

 private:
  [[nodiscard]] bool decode_target(HttpExchange& exchange, std::string_view path) const;
  [[nodiscard]] bool may_enter(HttpExchange& exchange) const;
  void route(const std::shared_ptr<HttpExchange>& exchange, std::string_view path) const;
  void answer_without_handler(HttpExchange& exchange, const Router::Match& match) const;

  const Router& router_;
  const SitePolicy policy_;
};

}  // namespace sluice::http
