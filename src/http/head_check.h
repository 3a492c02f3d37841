#pragma once

#include <pistache/http_defs.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// Why a request was refused by the transport: the status and code of its problem document.
struct Refusal {
  int status = 400;
  std::string code = "bad_request";
  std::string detail;
};

/// What decides the framing and the fate of a connection, taken from a head that was found strict.
/// The views point into the head.
struct HeadFacts {
  std::optional<Pistache::Http::Method> method;  ///< empty: a method nobody here knows
  std::string_view target;
  std::string_view host;
  int version_minor = 1;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Checks a whole raw head, up to and with its empty line, by the letter of RFC 9112: two parsers
/// that read one request differently are how requests are smuggled past a proxy, so whatever can be
/// read in two ways is refused. Everything a lenient parser might forgive must be caught here.
/// Returns why it is refused, or nothing and the facts.
[[nodiscard]] std::optional<Refusal> check_head(std::string_view head, HeadFacts& facts);

}  // namespace sluice::http
