#include "json/merged_rows.h"

#include <algorithm>
#include <array>
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

struct KnownType {
  std::string_view name;
  std::uint32_t oid;
  ValueKind kind;
};
/// Each holds the values of those before it.
constexpr std::array<KnownType, 4> kWholeAndExact{{{"int2", 21, ValueKind::kNumber},
                                                   {"int4", 23, ValueKind::kNumber},
                                                   {"int8", 20, ValueKind::kExactNumber},
                                                   {"numeric", 1700, ValueKind::kExactNumber}}};
constexpr KnownType kFloat8{"float8", 701, ValueKind::kNumber};
constexpr KnownType kTimestamptz{"timestamptz", 1184, ValueKind::kTimestamp};
constexpr KnownType kJsonb{"jsonb", 3802, ValueKind::kJson};
constexpr KnownType kText{"text", 25, ValueKind::kText};

int rank_of(const Column& column) {
  for (std::size_t i = 0; i < kWholeAndExact.size(); ++i) {
    if (column.oid == kWholeAndExact[i].oid) return static_cast<int>(i);
  }
  return -1;
}

bool is_number(const Column& column) {
  return !column.array &&
         (column.kind == ValueKind::kNumber || column.kind == ValueKind::kExactNumber);
}

const KnownType& common_type(const Column& a, const Column& b) {
  const int exact = std::min(rank_of(a), rank_of(b));
  if (exact >= 0) return kWholeAndExact[static_cast<std::size_t>(std::max(rank_of(a), rank_of(b)))];
  if (is_number(a) && is_number(b)) return kFloat8;
  if (!a.array && !b.array && a.kind == b.kind) {
    if (a.kind == ValueKind::kTimestamp) return kTimestamptz;
    if (a.kind == ValueKind::kJson) return kJsonb;
  }
  return kText;
}

void widen(Column& column, const Column& other) {
  if (column.oid == other.oid) return;
  const KnownType& common = common_type(column, other);
  column.type = common.name;
  column.oid = common.oid;
  column.kind = common.kind;
  column.array = false;
}

void put_as_string(TextBuffer& out, std::string_view value) {
  const bool stays = value.starts_with('"') || value == "null";
  stays ? out.put(value) : out.put_string(value);
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
    return a.name == b.name && a.oid == b.oid;
  });
}

bool MergedRows::becomes_string(const Column& from, const Column& to) const {
  if (from.oid == to.oid) return false;
  return to.kind == ValueKind::kText ||
         (to.kind == ValueKind::kExactNumber && format_.numbers_as_strings);
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
      } else if (becomes_string(columns[place], columns_[i])) {
        put_as_string(out, cells[place]);
      } else {
        out.put(cells[place]);
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
