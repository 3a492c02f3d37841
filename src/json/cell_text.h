#pragma once

#include <cstdint>
#include <string_view>

#include "json/text_buffer.h"
#include "sluice/query.h"

namespace sluice::json {

/// How the cells of one column become JSON. The first ones are Column's.
struct CellFormat {
  ValueKind kind = ValueKind::kText;
  bool array = false;
  char delimiter = ',';
  bool numbers_as_strings = false;  ///< only the exact ones, which JavaScript would round
  bool bytes_as_base64 = false;
  std::uint8_t nested_arrays = 0;  ///< as in Column
};

/// Writes the text of a cell that is not NULL, as PostgreSQL wrote it, as a JSON value. Text that
/// does not look as its type promises becomes a string: the result is JSON whatever comes.
void put_cell(TextBuffer& out, const CellFormat& format, std::string_view text);

}  // namespace sluice::json
