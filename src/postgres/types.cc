#include "postgres/types.h"

#include <algorithm>

#include "postgres/builtin_types.h"

namespace sluice::postgres {
namespace {

constexpr char kStringCategory = 'S';
constexpr int kDeepestType = 32;  // domains over arrays over domains …; the server ends long before

constexpr TypeOid kText = 25;
constexpr TypeOid kBpchar = 1042;
constexpr TypeOid kVarchar = 1043;
constexpr TypeOid kAnyArray = 2277;

bool is_string(TypeOid oid) { return oid == kText || oid == kBpchar || oid == kVarchar; }

struct BuiltinIndex {
  std::unordered_map<TypeOid, TypeInfo> by_oid;
  std::unordered_map<std::string_view, TypeOid> by_name;

  BuiltinIndex() {
    for (const BuiltinType& type : builtin_types()) {
      const std::string name(type.name);
      TypeInfo info{type.oid, name, type.kind, 0, type.delimiter, 0, is_string(type.oid)};
      by_oid[type.oid] = info;
      by_name[type.name] = type.oid;
      if (type.array == 0) continue;
      info.oid = type.array;
      info.name = "_" + name;
      info.element = type.oid;
      by_oid[type.array] = std::move(info);
    }
    // What pg_stats has: an array, of elements that only its bytes tell.
    by_oid[kAnyArray] = {kAnyArray, "anyarray", ValueKind::kText, kText, ',', 0, true};
    for (const TypeAlias& alias : type_aliases()) by_name[alias.alias] = by_name[alias.name];
    for (const auto& [oid, info] : by_oid) {
      if (info.is_array()) by_name[info.name] = oid;
    }
  }
};

const BuiltinIndex& index() {
  static const auto& built = *new BuiltinIndex;  // never destroyed: workers may outlive statics
  return built;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  return lower;
}

/// What a domain has of its base type, or an array of its elements.
void inherit(TypeInfo& info, const TypeInfo& under, bool domain) {
  info.kind = under.kind;
  info.string = under.string;
  // The elements of an array are separated by the element type's delimiter.
  info.delimiter = under.delimiter;
  info.nested_arrays = under.nested_arrays;
  if (domain) {
    info.element = under.element;
  } else if (under.is_array()) {
    ++info.nested_arrays;
  }
}

TypeOid array_of(TypeOid element) {
  const auto types = builtin_types();
  const auto found = std::ranges::find(types, element, &BuiltinType::oid);
  return found == types.end() ? 0 : found->array;
}

}  // namespace

const TypeInfo* builtin_type(TypeOid oid) {
  const auto found = index().by_oid.find(oid);
  return found == index().by_oid.end() ? nullptr : &found->second;
}

const TypeInfo* builtin_type(std::string_view name) {
  const std::string lower = lower_case(name);
  const bool array = lower.ends_with("[]");
  const auto found =
      index().by_name.find(std::string_view(lower).substr(0, lower.size() - (array ? 2 : 0)));
  if (found == index().by_name.end()) return nullptr;
  return builtin_type(array ? array_of(found->second) : found->second);
}

const char* TypeCatalog::lookup_sql() {
  // An array has typlen -1 and an element; int2vector and oidvector have both too, but their text
  // is no array literal, and they are in the fixed table.
  return "WITH RECURSIVE asked(oid, name) AS ("
         " SELECT o, NULL::text FROM pg_catalog.unnest($1::oid[]) o"
         " UNION ALL"
         " SELECT pg_catalog.to_regtype(n)::oid, n FROM pg_catalog.unnest($2::text[]) n),"
         " found(oid) AS ("
         " SELECT oid FROM asked WHERE oid IS NOT NULL"
         " UNION"
         " SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END"
         " FROM found f JOIN pg_catalog.pg_type t ON t.oid = f.oid"
         " WHERE t.typtype = 'd' OR (t.typlen = -1 AND t.typelem <> 0))"
         " SELECT t.oid, t.typname, t.typtype,"
         " CASE WHEN t.typlen = -1 AND t.typtype = 'b' THEN t.typelem ELSE 0 END,"
         " t.typbasetype, t.typdelim, t.typcategory, a.name"
         " FROM found f JOIN pg_catalog.pg_type t ON t.oid = f.oid"
         " LEFT JOIN asked a ON a.oid = t.oid AND a.name IS NOT NULL";
}

const TypeInfo* TypeCatalog::find(TypeOid oid) const {
  if (const TypeInfo* builtin = builtin_type(oid)) return builtin;
  const auto found = learned_.find(oid);
  return found == learned_.end() ? nullptr : &found->second;
}

const TypeInfo* TypeCatalog::find(std::string_view name) const {
  if (const TypeInfo* builtin = builtin_type(name)) return builtin;
  const auto found = names_.find(std::string(name));
  return found == names_.end() ? nullptr : find(found->second);
}

void TypeCatalog::learn(const std::vector<TypeRow>& rows, const std::vector<TypeOid>& asked) {
  for (const TypeRow& row : rows) {
    learn_one(row, rows, 0);
    if (!row.asked_as.empty()) names_[row.asked_as] = row.oid;
  }
  for (const TypeOid oid : asked) {
    if (!find(oid)) learned_[oid] = {oid, std::to_string(oid), ValueKind::kText, 0, ',', 0, false};
  }
}

void TypeCatalog::learn_one(const TypeRow& row, const std::vector<TypeRow>& rows, int depth) {
  if (builtin_type(row.oid)) return;
  TypeInfo info{row.oid,
                row.name,
                ValueKind::kText,
                row.element,
                row.delimiter,
                0,
                row.category == kStringCategory};
  const TypeOid under = row.base != 0 ? row.base : row.element;
  if (under != 0 && depth < kDeepestType) {
    const auto next = std::ranges::find(rows, under, &TypeRow::oid);
    if (next != rows.end()) learn_one(*next, rows, depth + 1);
    if (const TypeInfo* known = find(under)) inherit(info, *known, row.base != 0);
  }
  learned_[row.oid] = info;
}

void TypeCatalog::forget_names() { names_.clear(); }

}  // namespace sluice::postgres
