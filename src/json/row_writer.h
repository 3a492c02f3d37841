#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/cell_text.h"
#include "json/text_buffer.h"
#include "sluice/query.h"

namespace sluice::json {

/// The shape of a result.
struct ResultFormat {
  enum class Rows { kObjects, kArrays, kScalar };
  Rows rows = Rows::kObjects;
  bool numbers_as_strings = false;  ///< int8 and numeric as strings
  bool bytes_as_base64 = false;
};

/// How the cells of a column are written in this shape.
[[nodiscard]] CellFormat cell_format(const Column& column, const ResultFormat& format);

/// Writes rows as JSON objects or arrays, or their first cells alone, straight from the
/// connection's buffers.
class RowWriter {
 public:
  /// `db_id_column`: adds a first column "db_id" with this value to every row (not with kScalar). A
  /// column of the statement's own with that name becomes "db_id_".
  explicit RowWriter(ResultFormat format, std::string db_id_column = {})
      : format_(format), db_id_(std::move(db_id_column)) {}

  /// Once, before the first row.
  void set_columns(const std::vector<Column>& columns);
  void put_row(TextBuffer& out, std::span<const Cell> cells) const;

  [[nodiscard]] const ResultFormat& format() const { return format_; }
  [[nodiscard]] bool is_scalar() const { return format_.rows == ResultFormat::Rows::kScalar; }
  /// As they appear in the rows, an added db_id included.
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  /// Whether rows have anything of the statement's own in them.
  [[nodiscard]] bool has_cells() const { return !plans_.empty(); }

 private:
  /// What stands before a cell of one column (bracket, comma, name), and how the cell is written.
  struct ColumnPlan {
    TextBuffer::Piece lead;
    CellFormat format;
  };
  void add_db_id_column();

  ResultFormat format_;
  std::string db_id_;
  std::vector<Column> columns_;
  std::vector<ColumnPlan> plans_;
  std::string row_begin_;
  std::string_view row_end_;
};

/// Writes the list of columns: [{"name":"id","type":"int4","oid":23}].
void put_columns(TextBuffer& out, std::span<const Column> columns);
/// Writes what is said of a statement that ended well:
/// ,"command":"SELECT","affected":null,"truncated":false …
void put_completion(TextBuffer& out, const Completion& completion);
/// Writes ,"host":"…" where there are several.
void put_host(TextBuffer& out, const Completion& completion);
/// Writes ,"elapsed_ms":0.61
void put_elapsed(TextBuffer& out, std::chrono::microseconds elapsed);
/// Writes microseconds as milliseconds: 610 is 0.61.
void put_milliseconds(TextBuffer& out, std::chrono::microseconds time);

}  // namespace sluice::json
