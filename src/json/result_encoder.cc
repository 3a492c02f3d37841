#include "json/result_encoder.h"

#include <algorithm>
#include <utility>

namespace sluice::json {
ResultEncoder::ResultEncoder(ResultFormat format, std::int64_t max_bytes, std::string db_id_column)
    : AnswerEncoder(max_bytes), writer_(format, std::move(db_id_column)) {}

void ResultEncoder::on_columns(const std::vector<Column>& columns) { writer_.set_columns(columns); }

RowVerdict ResultEncoder::on_row(std::span<const Cell> cells) {
  const bool scalar = writer_.is_scalar();
  if (scalar && (count_ > 0 || !writer_.has_cells())) return RowVerdict::kContinue;
  if (!scalar && is_giant(cells)) return RowVerdict::kTooLarge;
  const std::size_t before = out_.size();
  if (count_ > 0) out_.put(',');
  writer_.put_row(out_, cells);
  if (!fits(before)) return RowVerdict::kTooLarge;
  ++count_;
  return RowVerdict::kContinue;
}

std::string ResultEncoder::finish(std::string_view db_id, const Completion& completion,
                                  std::chrono::microseconds elapsed) {
  TextBuffer frame;
  frame.put("{\"db_id\":");
  frame.put_string(db_id);
  frame.put(',');
  const std::size_t head_size = put_frame(frame, completion);
  stable_bytes_ = frame.size() + out_.size();
  put_host(frame, completion);
  put_elapsed(frame, elapsed);
  frame.put('}');
  return joined(frame.view().substr(0, head_size), out_.view(), frame.view().substr(head_size));
}

std::string ResultEncoder::finish_part(const Completion& completion) {
  TextBuffer frame;
  frame.put('{');
  const std::size_t head_size = put_frame(frame, completion);
  put_host(frame, completion);
  frame.put('}');
  return joined(frame.view().substr(0, head_size), out_.view(), frame.view().substr(head_size));
}

/// Everything about the rows but the rows themselves, which belong at the returned position.
std::size_t ResultEncoder::put_frame(TextBuffer& frame, const Completion& completion) const {
  const bool scalar = writer_.is_scalar();
  frame.put("\"columns\":");
  put_columns(frame, writer_.columns());
  frame.put(scalar ? ",\"value\":" : ",\"rows\":[");
  if (scalar && count_ == 0) frame.put("null");
  const std::size_t rows_at = frame.size();
  if (!scalar) frame.put(']');
  frame.put(",\"count\":");
  frame.put(std::to_string(count_));
  put_completion(frame, completion);
  return rows_at;
}

std::string ResultEncoder::take_rows() {
  if (!writer_.is_scalar()) return joined("[", out_.view(), "]");
  return count_ == 0 ? "null" : std::string(out_.view());
}

std::string_view ResultEncoder::rows_name() const { return writer_.is_scalar() ? "value" : "rows"; }

std::string ResultEncoder::take_bare_rows() { return std::string(out_.view()); }

std::string cached_result(std::string_view stable, std::chrono::microseconds elapsed,
                          std::chrono::microseconds age) {
  TextBuffer end;
  put_elapsed(end, elapsed);
  end.put(",\"cached\":true,\"age_ms\":");
  put_milliseconds(end, age);
  end.put('}');
  return joined(stable, end.view(), {});
}

std::string columns_to_json(const std::vector<Column>& columns) {
  TextBuffer out;
  put_columns(out, columns);
  return std::string(out.view());
}

}  // namespace sluice::json
