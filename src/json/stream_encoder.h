#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/row_writer.h"
#include "json/text_buffer.h"
#include "sluice/error.h"
#include "sluice/query.h"

namespace sluice::json {

/// Writes a result of any size as it arrives: nothing is kept but the columns.
class StreamEncoder {
 public:
  virtual ~StreamEncoder() = default;
  virtual void put_columns(TextBuffer& out, const std::vector<Column>& columns) = 0;
  virtual void put_row(TextBuffer& out, std::span<const Cell> cells) = 0;
  /// What stands behind the last row.
  virtual void put_end(TextBuffer& out, const Completion& completion,
                       std::chrono::microseconds elapsed) = 0;
  /// What stands there instead when the statement failed.
  virtual void put_error(TextBuffer& out, const Error& error) = 0;
};

inline constexpr std::string_view kNdjsonType = "application/x-ndjson";
inline constexpr std::string_view kCsvType = "text/csv; charset=utf-8; header=present";

/// What an error says of the request that it belongs to.
struct RequestName {
  std::string request_id;
  std::string trace_id = {};  ///< of the caller's trace, if there is one
};

/// One JSON value a line; the last one is {"end":{"columns","count","command","affected",
/// "truncated","elapsed_ms"}} or {"error":{…}}, a problem.
[[nodiscard]] std::unique_ptr<StreamEncoder> ndjson_encoder(const ResultFormat& format,
                                                            RequestName request);
/// RFC 4180 with a header line; the values as PostgreSQL's COPY writes them: NULL is nothing, an
/// empty text is "". Nothing stands behind the last row, whatever happened.
[[nodiscard]] std::unique_ptr<StreamEncoder> csv_encoder();

}  // namespace sluice::json
