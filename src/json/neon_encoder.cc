#include "json/neon_encoder.h"

#include <algorithm>
#include <optional>

#include "json/interval_text.h"
#include "json/writer.h"

namespace sluice::json {
namespace {

// pg_type's numbers, which never change.
constexpr std::uint32_t kOid = 26;
constexpr std::uint32_t kOidArray = 1028;
constexpr std::uint32_t kInterval = 1186;
constexpr std::uint32_t kIntervalArray = 1187;
constexpr std::uint32_t kFirstOwn = 16384;

void put_number(TextBuffer& out, std::string_view name, std::int64_t number) {
  out.put(name);
  out.put(std::to_string(number));
}

void put_field(TextBuffer& out, const Column& column) {
  out.put("{\"name\":");
  out.put_string(column.name);
  put_number(out, ",\"dataTypeID\":", column.oid);
  put_number(out, ",\"tableID\":", column.table_oid);
  put_number(out, ",\"columnID\":", column.table_column);
  put_number(out, ",\"dataTypeSize\":", column.type_size);
  put_number(out, ",\"dataTypeModifier\":", column.type_modifier);
  out.put(",\"format\":\"text\"}");
}

/// What JSON and JavaScript can hold without a loss stays what it is; but not arrays of anybody's
/// own types, which are text here whatever they are made of.
CellFormat native_format(const Column& column) {
  const bool number =
      column.kind == ValueKind::kNumber && column.oid != kOid && column.oid != kOidArray;
  const bool native = number || column.kind == ValueKind::kBool || column.kind == ValueKind::kJson;
  CellFormat format;
  if (native && column.oid < kFirstOwn) format.kind = column.kind;
  format.array = column.array;
  format.delimiter = column.delimiter;
  return format;
}

std::string_view first_word(std::string_view command) {
  return command.substr(0, command.find(' '));
}

/// The number in PostgreSQL's command tag, where it has one.
std::optional<std::int64_t> row_count(const Completion& completion) {
  if (completion.affected) return completion.affected;
  const bool counts = completion.command == "SELECT" || completion.command == "FETCH";
  return counts ? std::optional(completion.rows) : std::nullopt;
}

}  // namespace

NeonEncoder::ColumnPlan NeonEncoder::plan_of(const Column& column) const {
  ColumnPlan plan;
  plan.format = native_format(column);
  if (!format_.raw_text) plan.kind = Kind::kJson;
  if (column.oid == kInterval) plan.kind = Kind::kInterval;
  if (column.oid == kIntervalArray) plan.kind = Kind::kIntervalArray;
  return plan;
}

void NeonEncoder::on_columns(const std::vector<Column>& columns) {
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    const bool first = column == columns.begin();
    if (!first) fields_.put(',');
    put_field(fields_, *column);
    ColumnPlan plan = plan_of(*column);
    if (!format_.arrays) {
      TextBuffer lead;
      lead.put_string(column->name);
      lead.put(':');
      plan.lead = lead.view();
      plan.omitted = std::any_of(column + 1, columns.end(),
                                 [&](const Column& later) { return later.name == column->name; });
    }
    plans_.push_back(std::move(plan));
  }
}

RowVerdict NeonEncoder::on_row(std::span<const Cell> cells) {
  if (is_giant(cells)) return RowVerdict::kTooLarge;
  const std::size_t before = out_.size();
  if (count_ > 0) out_.put(',');
  char separator = format_.arrays ? '[' : '{';
  if (plans_.empty()) out_.put(separator);
  for (std::size_t i = 0; i < std::min(plans_.size(), cells.size()); ++i) {
    if (plans_[i].omitted) continue;
    out_.put(separator);
    out_.put(plans_[i].lead);
    cells[i].is_null() ? out_.put("null") : put_value(plans_[i], cells[i].text());
    separator = ',';
  }
  out_.put(format_.arrays ? ']' : '}');
  if (!fits(before)) return RowVerdict::kTooLarge;
  ++count_;
  return RowVerdict::kContinue;
}

void NeonEncoder::put_value(const ColumnPlan& plan, std::string_view text) {
  switch (plan.kind) {
    case Kind::kText:
      return out_.put_string(text);
    case Kind::kJson:
      return put_cell(out_, plan.format, text);
    case Kind::kInterval:
      return out_.put_string(interval_in_words(text));
    case Kind::kIntervalArray: {
      const std::string words = interval_array_in_words(text);
      return format_.raw_text ? out_.put_string(words) : put_cell(out_, plan.format, words);
    }
  }
}

std::string NeonEncoder::finish(std::string_view /*db_id*/, const Completion& completion,
                                std::chrono::microseconds /*elapsed*/) {
  return finish_part(completion);
}

std::string NeonEncoder::finish_part(const Completion& completion) {
  Writer end;
  end.begin_object().field("command", first_word(completion.command));
  end.field("rowCount", row_count(completion)).field("rowAsArray", format_.arrays).end_object();
  std::string head = "{\"fields\":[";
  head.append(fields_.view()).append("],\"rows\":[");
  return joined(head, out_.view(), "]," + end.take().substr(1));
}

}  // namespace sluice::json
