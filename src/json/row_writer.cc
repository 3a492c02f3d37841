#include "json/row_writer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::json {
namespace {

constexpr std::string_view kDbId = "db_id";

}  // namespace

CellFormat cell_format(const Column& column, const ResultFormat& format) {
  return {.kind = column.kind,
          .array = column.array,
          .delimiter = column.delimiter,
          .numbers_as_strings = format.numbers_as_strings,
          .bytes_as_base64 = format.bytes_as_base64,
          .nested_arrays = column.nested_arrays};
}

void RowWriter::set_columns(const std::vector<Column>& columns) {
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

void RowWriter::add_db_id_column() {
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

void RowWriter::put_row(TextBuffer& out, std::span<const Cell> cells) const {
  if (plans_.empty()) out.put(row_begin_);
  const std::size_t width = std::min(plans_.size(), cells.size());
  for (std::size_t i = 0; i < width; ++i) {
    out.put(plans_[i].lead);
    if (cells[i].is_null()) {
      out.put("null");
    } else {
      put_cell(out, plans_[i].format, cells[i].text());
    }
  }
  out.put(row_end_);
}

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

}  // namespace sluice::json
