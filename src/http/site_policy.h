#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace sluice::http {

/// Which hosts and which web pages a request may come through. Without the check of Host, any web
/// page could reach a gateway on its visitor's own machine by pointing a name at 127.0.0.1; without
/// that of Origin, it could send it requests with effects. Immutable, shared by all workers.
class SitePolicy {
 public:
  struct Rules {
    std::string
        bound_host;  ///< what the server is bound to, without the port; empty: a Unix socket
    std::vector<std::string>
        allowed_hosts;  ///< "example.com", "*.example.com", with or without port
    std::vector<std::string> cors_origins;  ///< "https://app.example.com", or "*"
  };
  explicit SitePolicy(Rules rules);

  /// Whether the server answers to this name, the value of a Host header.
  [[nodiscard]] bool is_our_host(std::string_view host) const;
  /// Whether a request with this Origin may have effects.
  [[nodiscard]] bool may_change_things(std::string_view origin, std::string_view host) const;

  /// The header lines that let a page of this origin read the answer.
  [[nodiscard]] std::string cors_headers(std::string_view origin) const;
  /// The answer to a preflight request, or nothing if the request is none or comes from elsewhere.
  [[nodiscard]] std::optional<Response> preflight(const Request& request) const;

 private:
  [[nodiscard]] bool is_cors_origin(std::string_view origin) const;

  Rules rules_;
  bool any_host_;
};

}  // namespace sluice::http
