#include "http/neon_connection.h"

#include "http/syntax.h"

namespace sluice::http {

std::optional<NeonConnection> parse_neon_connection(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, scheme);
  if (name != "postgres" && name != "postgresql") return std::nullopt;
  text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find_first_of("?#"));
  // A password may hold an @ that nobody has escaped, and with it a slash.
  const auto at = text.rfind('@');
  const std::string_view user = at == std::string_view::npos ? "" : text.substr(0, at);
  const auto slash = text.find('/', at == std::string_view::npos ? 0 : at);
  const auto colon = user.find(':');
  if (slash == std::string_view::npos) return std::nullopt;
  auto db_id = percent_decoded(text.substr(slash + 1));
  auto key = percent_decoded(colon == std::string_view::npos ? "" : user.substr(colon + 1));
  if (!db_id || db_id->empty() || !key) return std::nullopt;
  return NeonConnection{std::move(*db_id), std::move(*key)};
}

}  // namespace sluice::http
