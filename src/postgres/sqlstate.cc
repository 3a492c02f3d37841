#include "postgres/sqlstate.h"

#include <algorithm>
#include <array>

namespace sluice::postgres {
namespace {

template <std::size_t Size>
bool one_of(std::string_view sqlstate, const std::array<std::string_view, Size>& list) {
  return std::ranges::find(list, sqlstate) != list.end();
}

constexpr std::array<std::string_view, 2> kSickServer{"58000", "58030"};

}  // namespace

Fault fault_of_statement(std::string_view sqlstate) {
  if (sqlstate.starts_with("53")) return Fault::kOverload;
  if (one_of(sqlstate, kSickServer)) return Fault::kDatabase;
  return Fault::kCaller;
}

Fault fault_of_lost_session(std::string_view sqlstate) {
  if (sqlstate.starts_with("53")) return Fault::kOverload;
  if (sqlstate == "57P04") return Fault::kCredentials;  // the database was dropped
  // 57P05: idle_session_timeout, 25P03: idle_in_transaction_session_timeout. The server is well.
  if (sqlstate == "57P05" || sqlstate == "25P03") return Fault::kCaller;
  return Fault::kDatabase;
}

Fault fault_of_connect(std::string_view sqlstate) {
  if (sqlstate.starts_with("28") || sqlstate == "3D000" || sqlstate == "57P04")
    return Fault::kCredentials;
  // No CONNECT privilege; a session setting that the server does not know or refuses.
  constexpr std::array<std::string_view, 5> kRefused{"42501", "42704", "22023", "42601", "55P02"};
  if (one_of(sqlstate, kRefused)) return Fault::kCredentials;
  if (sqlstate.starts_with("53")) return Fault::kOverload;
  return Fault::kDatabase;
}

bool worth_repeating(std::string_view sqlstate) {
  constexpr std::array<std::string_view, 3> kConflicts{"40001", "40P01", "55P03"};
  return sqlstate.starts_with("53") || one_of(sqlstate, kConflicts);
}

}  // namespace sluice::postgres
