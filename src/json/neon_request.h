#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include "json/requests.h"

/// POST /sql, the Neon serverless protocol (docs/neon.md).
namespace sluice::json {

/// What the headers of a request say.
struct NeonHeaders {
  NeonFormat format;  ///< of queries that do not say themselves whether rows are arrays
  bool read_only = false;
  bool deferrable = false;
  Isolation isolation = Isolation::kServerDefault;
};

/// "ReadUncommitted", "ReadCommitted", "RepeatableRead", "Serializable".
[[nodiscard]] std::optional<Isolation> parse_neon_isolation(std::string_view word);

/// One query, or several as a transaction; the list may be empty.
using NeonRequest = std::variant<QueryRequest, TransactionRequest>;
/// {"query","params","arrayMode"}, or {"queries":[…]}. Other members are ignored, as Neon does.
/// Parameters become text whose type the server infers; see docs/neon.md for lists and objects.
[[nodiscard]] Result<NeonRequest> decode_neon(std::string_view body, const NeonHeaders& headers);

}  // namespace sluice::json
