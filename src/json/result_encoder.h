#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/answer_encoder.h"
#include "json/row_writer.h"
#include "json/text_buffer.h"
#include "sluice/query.h"

namespace sluice::json {

/// Writes rows as the API's own JSON, straight from the connection's buffers.
class ResultEncoder final : public AnswerEncoder {
 public:
  /// `db_id_column`: adds a first column "db_id" with this value to every row, for merged fan-outs
  /// (not with kScalar). A column of the statement's own with that name becomes "db_id_".
  ResultEncoder(ResultFormat format, std::int64_t max_bytes, std::string db_id_column = {});

  void on_columns(const std::vector<Column>& columns) override;
  RowVerdict on_row(std::span<const Cell> cells) override;

  /// The whole answer to POST /query/<db_id> (design: {"db_id","columns","rows","count","command",
  /// "affected","truncated","elapsed_ms"}; `committed` only when truncated; with kScalar "value"
  /// instead of "rows" and "columns" of one).
  [[nodiscard]] std::string finish(std::string_view db_id, const Completion& completion,
                                   std::chrono::microseconds elapsed) override;
  /// The same without "db_id" and "elapsed_ms".
  [[nodiscard]] std::string finish_part(const Completion& completion) override;
  /// The rows alone, "[…]" (or the scalar), for a leg of a fan-out. Call once, last.
  [[nodiscard]] std::string take_rows();
  /// What they are called in an answer: "rows", or "value" with kScalar.
  [[nodiscard]] std::string_view rows_name() const;
  /// The rows without the brackets, for merging several legs.
  [[nodiscard]] std::string take_bare_rows();
  /// As they appear in the rows, an added db_id included.
  [[nodiscard]] const std::vector<Column>& columns() const { return writer_.columns(); }
  [[nodiscard]] const ResultFormat& format() const { return writer_.format(); }
  [[nodiscard]] std::int64_t rows() const { return count_; }

 private:
  [[nodiscard]] std::size_t put_frame(TextBuffer& frame, const Completion& completion) const;

  RowWriter writer_;
  std::int64_t count_ = 0;
};

/// A whole answer again, from the stable bytes of one that was made before.
[[nodiscard]] std::string cached_result(std::string_view stable, std::chrono::microseconds elapsed,
                                        std::chrono::microseconds age);

/// The list of columns as in an answer: [{"name":"id","type":"int4","oid":23}].
[[nodiscard]] std::string columns_to_json(const std::vector<Column>& columns);

}  // namespace sluice::json
