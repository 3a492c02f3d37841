#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/query.h"

namespace sluice::postgres {

using TypeOid = std::uint32_t;

/// What we need to know of a PostgreSQL type, to read its text and to write parameters for it.
struct TypeInfo {
  TypeOid oid = 0;
  std::string name;                   ///< pg_type.typname: "int4", "_text", "mood"
  ValueKind kind = ValueKind::kText;  ///< for an array: of its elements
  TypeOid element = 0;                ///< not 0: an array whose text is an array literal
  char delimiter = ',';               ///< between the elements of an array
  std::uint8_t nested_arrays = 0;     ///< as in Column
  bool string = false;                ///< for an array: its elements; a string of any length

  [[nodiscard]] bool is_array() const { return element != 0; }
};

/// One row of pg_type, as `TypeCatalog::lookup_sql` reads it.
struct TypeRow {
  TypeOid oid = 0;
  std::string name;
  char type = 'b';      ///< pg_type.typtype
  TypeOid element = 0;  ///< not 0 only for true arrays
  TypeOid base = 0;     ///< not 0 only for domains
  char delimiter = ',';
  char category = 'U';   ///< pg_type.typcategory
  std::string asked_as;  ///< the name that was looked up, if it was looked up by name
};

/// The types of one database: PostgreSQL's own from a fixed table, others as they are looked up.
/// Shared by the open connections of one connector; used on their loop's thread only.
class TypeCatalog {
 public:
  /// $1: oid[], $2: text[] of names as SQL writes types. Also yields element and base types.
  [[nodiscard]] static const char* lookup_sql();

  /// Null: not known yet.
  [[nodiscard]] const TypeInfo* find(TypeOid oid) const;
  /// By the name that SQL uses ("integer", "int8", "mood", "text[]"). Null: not known yet.
  [[nodiscard]] const TypeInfo* find(std::string_view name) const;
  /// Takes what a lookup found. An `asked` oid that it did not find becomes plain text.
  void learn(const std::vector<TypeRow>& rows, const std::vector<TypeOid>& asked);
  /// Names may have got another meaning (a type was dropped and made anew).
  void forget_names();

 private:
  void learn_one(const TypeRow& row, const std::vector<TypeRow>& rows, int depth);

  std::unordered_map<TypeOid, TypeInfo> learned_;
  std::unordered_map<std::string, TypeOid> names_;
};

/// PostgreSQL's own types; null for others.
[[nodiscard]] const TypeInfo* builtin_type(TypeOid oid);
[[nodiscard]] const TypeInfo* builtin_type(std::string_view name);

}  // namespace sluice::postgres
