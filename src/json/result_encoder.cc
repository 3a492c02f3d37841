#include "json/result_encoder.h"

#include <algorithm>
#include <utility>

namespace sluice::json {
namespace {

constexpr std::string_view kDbId = "db_id";

void put_columns(TextBuffer& out, std::span<const Column> columns) {
  out.put('[');
  for (const Column& column : columns) {
    out.put(&column == &columns.front() ? "{\"name\":" : ",{\"name\":");
    out.put_string(column.name);
    out.put(",\"type\":");
    out.put_string(column.type);
    out.put(",\"oid\":");
    out.put(std::to_string(column.oid));
    out.put('}');
  }
  out.put(']');
}

/// Microseconds as milliseconds: 610 is 0.61.
void put_milliseconds(TextBuffer& out, std::chrono::microseconds time) {
  const std::int64_t count = std::max<std::int64_t>(time.count(), 0);
  out.put(std::to_string(count / 1000));
  if (count % 1000 == 0) return;
  std::string fraction = std::to_string(1000 + count % 1000);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  fraction[0] = '.';
  out.put(fraction);
}

void put_completion(TextBuffer& out, const Completion& completion) {
  out.put(",\"command\":");
  out.put_string(completion.command);
  out.put(",\"affected\":");
  out.put(completion.affected ? std::to_string(*completion.affected) : std::string("null"));
  out.put(",\"truncated\":");
  out.put(completion.truncated ? "true" : "false");
  if (completion.truncated) {
    out.put(",\"committed\":");
    out.put(completion.committed ? "true" : "false");
  }
}

void put_host(TextBuffer& out, const Completion& completion) {
  if (completion.host.empty()) return;
  out.put(",\"host\":");
  out.put_string(completion.host);
}

void put_elapsed(TextBuffer& out, std::chrono::microseconds elapsed) {
  out.put(",\"elapsed_ms\":");
  put_milliseconds(out, elapsed);
}

}  // namespace

CellFormat cell_format(const Column& column, const ResultFormat& format) {
  return {.kind = column.kind,
          .array = column.array,
          .delimiter = column.delimiter,
          .numbers_as_strings = format.numbers_as_strings,
          .bytes_as_base64 = format.bytes_as_base64,
          .nested_arrays = column.nested_arrays};
}

ResultEncoder::ResultEncoder(ResultFormat format, std::int64_t max_bytes, std::string db_id_column)
    : AnswerEncoder(max_bytes), format_(format), db_id_(std::move(db_id_column)) {}

void ResultEncoder::on_columns(const std::vector<Column>& columns) {
  columns_ = columns;
  const bool objects = format_.rows == ResultFormat::Rows::kObjects;
  const bool scalar = format_.rows == ResultFormat::Rows::kScalar;
  if (scalar && columns_.size() > 1) columns_.resize(1);
  row_begin_ = objects ? "{" : scalar ? "" : "[";
  row_end_ = objects ? "}" : scalar ? "" : "]";
  if (scalar) db_id_.clear();
  const std::size_t added = db_id_.empty() ? 0 : 1;
  if (added > 0) add_db_id_column();
  plans_.clear();
  plans_.reserve(columns_.size());
  TextBuffer lead;
  for (std::size_t i = added; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    lead.truncate(0);
    if (i == added) lead.put(row_begin_);
    if (i > 0) lead.put(',');
    if (objects) {
      lead.put_string(column.name);
      lead.put(':');
    }
    plans_.push_back({TextBuffer::Piece(lead.view()), cell_format(column, format_)});
  }
}

void ResultEncoder::add_db_id_column() {
  std::string free_name(kDbId);
  const auto taken = [&](const Column& column) { return column.name == free_name; };
  while (std::any_of(columns_.begin(), columns_.end(), taken)) free_name += '_';
  for (Column& column : columns_) {
    if (column.name == kDbId) column.name = free_name;
  }
  Column added;
  added.name = kDbId;
  added.type = "text";
  added.oid = 25;
  columns_.insert(columns_.begin(), std::move(added));
  TextBuffer begin;
  begin.put(row_begin_);
  if (format_.rows == ResultFormat::Rows::kObjects) begin.put("\"db_id\":");
  begin.put_string(db_id_);
  row_begin_ = begin.view();
}

RowVerdict ResultEncoder::on_row(std::span<const Cell> cells) {
  const bool scalar = format_.rows == ResultFormat::Rows::kScalar;
  if (scalar && (count_ > 0 || plans_.empty())) return RowVerdict::kContinue;
  if (!scalar && is_giant(cells)) return RowVerdict::kTooLarge;
  const std::size_t before = out_.size();
  put_row(cells);
  if (!fits(before)) return RowVerdict::kTooLarge;
  ++count_;
  return RowVerdict::kContinue;
}

void ResultEncoder::put_row(std::span<const Cell> cells) {
  if (count_ > 0) out_.put(',');
  if (plans_.empty()) out_.put(row_begin_);
  const std::size_t width = std::min(plans_.size(), cells.size());
  for (std::size_t i = 0; i < width; ++i) {
    out_.put(plans_[i].lead);
    if (cells[i].is_null()) {
      out_.put("null");
    } else {
      put_cell(out_, plans_[i].format, cells[i].text());
    }
  }
  out_.put(row_end_);
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
  const bool scalar = format_.rows == ResultFormat::Rows::kScalar;
  frame.put("\"columns\":");
  put_columns(frame, columns_);
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
  if (format_.rows != ResultFormat::Rows::kScalar) return joined("[", out_.view(), "]");
  return count_ == 0 ? "null" : std::string(out_.view());
}

std::string_view ResultEncoder::rows_name() const {
  return format_.rows == ResultFormat::Rows::kScalar ? "value" : "rows";
}

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
