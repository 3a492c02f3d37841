#include "json/stream_encoder.h"

#include <algorithm>
#include <string>
#include <utility>

#include "json/csv_text.h"
#include "json/problem.h"

namespace sluice::json {
namespace {

class NdjsonEncoder final : public StreamEncoder {
 public:
  NdjsonEncoder(const ResultFormat& format, RequestName request)
      : request_(std::move(request)), rows_(format) {}

  void put_columns(TextBuffer&, const std::vector<Column>& columns) override {
    rows_.set_columns(columns);
    may_break_lines_ = std::ranges::any_of(
        columns, [](const Column& column) { return column.kind == ValueKind::kJson; });
  }
  void put_row(TextBuffer& out, std::span<const Cell> cells) override {
    const std::size_t begin = out.size();
    rows_.put_row(out, cells);
    if (may_break_lines_) join_lines(out, begin);
    out.put('\n');
  }
  void put_end(TextBuffer& out, const Completion& completion,
               std::chrono::microseconds elapsed) override {
    out.put("{\"end\":{\"columns\":");
    json::put_columns(out, rows_.columns());
    out.put(",\"count\":");
    out.put(std::to_string(completion.rows));
    put_completion(out, completion);
    put_host(out, completion);
    put_elapsed(out, elapsed);
    out.put("}}\n");
  }
  void put_error(TextBuffer& out, const Error& error) override {
    out.put("{\"error\":");
    out.put(Problem::from(error).to_json(request_.request_id, request_.trace_id));
    out.put("}\n");
  }

 private:
  /// The text of a json value may have line breaks, though never inside its strings.
  static void join_lines(TextBuffer& out, std::size_t begin) {
    for (std::size_t at = begin; at < out.size(); ++at) {
      const char c = out.view()[at];
      if (c == '\n' || c == '\r') out.replace(at, ' ');
    }
  }

  const RequestName request_;
  RowWriter rows_;
  bool may_break_lines_ = false;
};

class CsvEncoder final : public StreamEncoder {
 public:
  void put_columns(TextBuffer& out, const std::vector<Column>& columns) override {
    for (const Column& column : columns) {
      if (&column != &columns.front()) out.put(',');
      put_csv_name(out, column.name);
    }
    out.put("\r\n");
  }
  void put_row(TextBuffer& out, std::span<const Cell> cells) override {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out.put(',');
      if (!cells[i].is_null()) put_csv_value(out, cells[i].text(), cells.size() == 1);
    }
    out.put("\r\n");
  }
  void put_end(TextBuffer&, const Completion&, std::chrono::microseconds) override {}
  void put_error(TextBuffer&, const Error&) override {}
};

}  // namespace

std::unique_ptr<StreamEncoder> ndjson_encoder(const ResultFormat& format, RequestName request) {
  return std::make_unique<NdjsonEncoder>(format, std::move(request));
}

std::unique_ptr<StreamEncoder> csv_encoder() { return std::make_unique<CsvEncoder>(); }

}  // namespace sluice::json
