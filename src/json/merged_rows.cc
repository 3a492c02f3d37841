#include "json/merged_rows.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "json/json_scan.h"
#include "json/text_buffer.h"

namespace sluice::json {
namespace {

/// Where a name that repeats is meant: which of its repetitions.
int repetition(const std::vector<Column>& columns, std::size_t index) {
  const auto end = columns.begin() + static_cast<std::ptrdiff_t>(index);
  return static_cast<int>(std::count_if(columns.begin(), end, [&](const Column& column) {
    return column.name == columns[index].name;
  }));
}

int find(const std::vector<Column>& columns, const std::string& name, int repetition) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].name == name && repetition-- == 0) return static_cast<int>(i);
  }
  return -1;
}

/// Types that users make have numbers of each database's own.
bool same_type(const Column& a, const Column& b) { return a.oid == b.oid && a.type == b.type; }

struct KnownType {
  std::string_view name;
  std::uint32_t oid;
  std::uint32_t array_oid;
  ValueKind kind;
  std::array<std::uint32_t, 6> holds;  ///< the types all of whose values it has, too
};
constexpr std::uint32_t kInt2 = 21, kInt4 = 23, kInt8 = 20, kOid = 26, kFloat4 = 700, kFloat8 = 701;
constexpr std::uint32_t kJsonb = 3802, kCidr = 650;
/// The narrowest first. A float8 has 15 digits for certain, which is enough for four bytes.
constexpr std::array<KnownType, 6> kKnownTypes{
    {{"int4", kInt4, 1007, ValueKind::kNumber, {kInt2}},
     {"int8", kInt8, 1016, ValueKind::kExactNumber, {kInt2, kInt4, kOid}},
     {"float8", kFloat8, 1022, ValueKind::kNumber, {kInt2, kInt4, kOid, kFloat4}},
     {"numeric",
      1700,
      1231,
      ValueKind::kExactNumber,
      {kInt2, kInt4, kOid, kInt8, kFloat4, kFloat8}},
     {"inet", 869, 1041, ValueKind::kText, {kCidr}},
     {"json", 114, 199, ValueKind::kJson, {kJsonb}}}};
constexpr KnownType kText{"text", 25, 1009, ValueKind::kText, {}};

/// Arrays of types that are held by others or hold others, and their elements.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 11> kElements{{{1005, kInt2},
                                                                             {1007, kInt4},
                                                                             {1016, kInt8},
                                                                             {1021, kFloat4},
                                                                             {1022, kFloat8},
                                                                             {1028, kOid},
                                                                             {1231, 1700},
                                                                             {651, kCidr},
                                                                             {1041, 869},
                                                                             {199, 114},
                                                                             {3807, kJsonb}}};

/// The type of the column, or of its elements; 0: one that has no common type but text.
std::uint32_t element_type(const Column& column) {
  if (!column.array) return column.oid;
  const auto found = std::ranges::find(kElements, column.oid, [](auto pair) { return pair.first; });
  return found == kElements.end() ? 0 : found->second;
}

bool has_values_of(const KnownType& type, std::uint32_t oid) {
  return type.oid == oid || (oid != 0 && std::ranges::find(type.holds, oid) != type.holds.end());
}

const KnownType& common_type(const Column& a, const Column& b) {
  for (const KnownType& type : kKnownTypes) {
    if (has_values_of(type, element_type(a)) && has_values_of(type, element_type(b))) return type;
  }
  return kText;
}

/// Where an element of JSON begins cannot be told from its array's own brackets: elements of json
/// cannot become strings one by one.
bool can_be_arrays(const Column& a, const Column& b, const KnownType& common) {
  if (!a.array || !b.array || a.nested_arrays != 0 || b.nested_arrays != 0) return false;
  const bool has_json = a.kind == ValueKind::kJson || b.kind == ValueKind::kJson;
  return !has_json || common.kind == ValueKind::kJson;
}

void widen(Column& column, const Column& other) {
  if (same_type(column, other)) return;
  const KnownType& elements = common_type(column, other);
  const bool array = can_be_arrays(column, other, elements);
  const bool plain = !column.array && !other.array;
  const KnownType& common = array || plain ? elements : kText;
  column.type = (array ? "_" : "") + std::string(common.name);
  column.oid = array ? common.array_oid : common.oid;
  column.kind = common.kind;
  column.array = array;
  column.nested_arrays = 0;
}

void put_as_string(TextBuffer& out, std::string_view value) {
  const bool stays = value.starts_with('"') || value == "null";
  stays ? out.put(value) : out.put_string(value);
}

/// Of an array, of any depth, its elements.
void put_as_strings(TextBuffer& out, std::string_view value) {
  if (!value.starts_with('[')) return put_as_string(out, value);
  std::vector<std::string_view> elements;
  split_members(value, elements);
  out.put('[');
  for (const std::string_view& element : elements) {
    if (&element != &elements.front()) out.put(',');
    put_as_strings(out, element);
  }
  out.put(']');
}

}  // namespace

void MergedRows::add_columns(const std::vector<Column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int place = find(columns_, columns[i].name, repetition(columns, i));
    if (place < 0) {
      columns_.push_back(columns[i]);
    } else {
      widen(columns_[static_cast<std::size_t>(place)], columns[i]);
    }
  }
}

bool MergedRows::fits(const std::vector<Column>& columns) const {
  return std::ranges::equal(columns, columns_, [](const Column& a, const Column& b) {
    return a.name == b.name && same_type(a, b);
  });
}

void MergedRows::put_value(TextBuffer& out, std::string_view value, const Column& from,
                           const Column& to) const {
  const bool string = to.kind == ValueKind::kText ||
                      (to.kind == ValueKind::kExactNumber && format_.numbers_as_strings);
  if (same_type(from, to) || !string) {
    out.put(value);
  } else if (to.array) {
    put_as_strings(out, value);
  } else {
    put_as_string(out, value);
  }
}

std::vector<int> MergedRows::places(const std::vector<Column>& columns) const {
  std::vector<int> places;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    places.push_back(find(columns, columns_[i].name, repetition(columns_, i)));
  }
  return places;
}

std::string MergedRows::fitted(std::string rows, const std::vector<Column>& columns) const {
  if (fits(columns)) return rows;
  const bool objects = format_.rows == ResultFormat::Rows::kObjects;
  const std::vector<int> from = places(columns);
  TextBuffer out;
  std::vector<std::string_view> cells;
  for (const std::string_view row : split_rows(rows)) {
    split_members(row, cells);
    out.put(out.size() > 0 ? (objects ? ",{" : ",[") : (objects ? "{" : "["));
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out.put(',');
      if (objects) {
        out.put_string(columns_[i].name);
        out.put(':');
      }
      const auto place = static_cast<std::size_t>(from[i]);
      if (from[i] < 0 || place >= cells.size()) {
        out.put("null");
      } else {
        put_value(out, cells[place], columns[place], columns_[i]);
      }
    }
    out.put(objects ? '}' : ']');
  }
  return std::string(out.view());
}

std::vector<std::string_view> split_rows(std::string_view rows) {
  std::vector<std::string_view> split;
  while (!rows.empty()) {
    const std::size_t size = value_size(rows);
    split.push_back(rows.substr(0, size));
    rows.remove_prefix(std::min(rows.size(), size + 1));
  }
  return split;
}

}  // namespace sluice::json
