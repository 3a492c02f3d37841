#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/row_writer.h"
#include "sluice/query.h"

namespace sluice::json {

/// Rows of several results in one list. Its columns are those of all of them by name, in the order
/// in which they first appear; each has a type that holds the values of all without loss (int8 and
/// float8: numeric), or "text" where there is none. Of arrays so have their elements.
class MergedRows {
 public:
  explicit MergedRows(ResultFormat format) : format_(format) {}

  /// First the columns of every result, then the rows of every result.
  void add_columns(const std::vector<Column>& columns);
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }

  /// Rows with those columns ("{…},{…}", as a ResultEncoder wrote them), made to fit: a column that
  /// they do not have is null, and a value of another type becomes a string where the column is
  /// text; in an array, each element.
  [[nodiscard]] std::string fitted(std::string rows, const std::vector<Column>& columns) const;

 private:
  [[nodiscard]] bool fits(const std::vector<Column>& columns) const;
  void put_value(TextBuffer& out, std::string_view value, const Column& from,
                 const Column& to) const;
  /// Where each of the merged columns is found in those of one result; -1: nowhere.
  [[nodiscard]] std::vector<int> places(const std::vector<Column>& columns) const;

  ResultFormat format_;
  std::vector<Column> columns_;
};

/// The rows one by one: "{…},{…}" → {…} and {…}. As views of `rows`.
[[nodiscard]] std::vector<std::string_view> split_rows(std::string_view rows);

}  // namespace sluice::json
