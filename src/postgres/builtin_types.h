#pragma once

#include <span>
#include <string_view>

#include "postgres/types.h"

namespace sluice::postgres {

/// One of PostgreSQL's own types, with the array type that goes with it (0: none).
struct BuiltinType {
  TypeOid oid;
  TypeOid array;
  std::string_view name;
  ValueKind kind;
  char delimiter;
};

/// Another name that SQL has for a type.
struct TypeAlias {
  std::string_view alias;
  std::string_view name;
};

[[nodiscard]] std::span<const BuiltinType> builtin_types();
[[nodiscard]] std::span<const TypeAlias> type_aliases();

}  // namespace sluice::postgres
