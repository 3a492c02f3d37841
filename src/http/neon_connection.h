#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

/// What a client of the Neon protocol calls its connection string:
/// postgresql://user:password@host/database?…. Here it is no address: its path names a database of
/// this gateway, and its password is an API key.
struct NeonConnection {
  std::string db_id;
  std::string key;  ///< empty: none is given
};
/// Empty when the text is no such string. User, host, port and parameters may be anything.
[[nodiscard]] std::optional<NeonConnection> parse_neon_connection(std::string_view text);

}  // namespace sluice::http
