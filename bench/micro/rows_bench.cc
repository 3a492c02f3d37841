// Rows as JSON: our ResultEncoder beside rapidjson::Writer, which writes the same bytes from the
// same cells. docs/adr/0003-json-is-written-by-hand.md is judged by this.

#ifdef __SSE2__
#define RAPIDJSON_SSE2  // rapidjson at its best: it then skips over plain text 16 bytes at a time
#endif
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/utf8.h"
#include "json/result_encoder.h"
#include "json/text_buffer.h"
#include "micro.h"

namespace sluice {
namespace {

using Row = std::array<Cell, 5>;

/// The columns of bench/run's workload "rows".
const std::vector<Column>& columns() {
  static const std::vector<Column> all = [] {
    const auto column = [](const char* name, const char* type, ValueKind kind) {
      Column made;
      made.name = name;
      made.type = type;
      made.kind = kind;
      return made;
    };
    return std::vector<Column>{column("id", "int4", ValueKind::kNumber),
                               column("name", "text", ValueKind::kText),
                               column("price", "numeric", ValueKind::kExactNumber),
                               column("qty", "int8", ValueKind::kExactNumber),
                               column("created_at", "timestamptz", ValueKind::kTimestamp)};
  }();
  return all;
}

/// Cells as PostgreSQL writes them.
class Table {
 public:
  explicit Table(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t id = 5000 + i;
      texts_.push_back(std::to_string(id));
      texts_.push_back("item " + std::to_string(id) + " of db1");
      texts_.push_back(std::to_string(id * 7919 % 10000) + "." + std::to_string(10 + id % 90));
      texts_.push_back(std::to_string(id * 1000003));
      texts_.push_back("2024-01-0" + std::to_string(1 + id % 9) + " 08:29:21+00");
    }
    rows_.resize(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      rows_[i / 5][i % 5] = Cell{texts_[i].data(), texts_[i].size()};
    }
  }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

 private:
  std::vector<std::string> texts_;
  std::vector<Row> rows_;
};

std::string by_result_encoder(const Table& table) {
  json::ResultEncoder encoder({}, 1 << 30);
  encoder.on_columns(columns());
  for (const Row& row : table.rows()) encoder.on_row(row);
  return encoder.take_rows();
}

bool is_number(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const auto whole = std::find_if_not(text.begin(), text.end(), is_digit);
  if (whole == text.begin() || (text.front() == '0' && whole != text.begin() + 1)) return false;
  if (whole == text.end()) return true;
  return *whole == '.' && whole + 1 != text.end() && std::all_of(whole + 1, text.end(), is_digit);
}

/// What ResultEncoder would be on top of rapidjson. `kChecked` gives the same guarantees as ours
/// (numbers are numbers, strings are UTF-8); without it rapidjson trusts everything.
template <bool kChecked>
class RapidjsonEncoder {
 public:
  void on_row(const Row& row) {
    writer_.StartObject();
    for (std::size_t i = 0; i < row.size(); ++i) {
      const Column& column = columns()[i];
      writer_.Key(column.name.data(), static_cast<rapidjson::SizeType>(column.name.size()));
      put(column.kind, row[i]);
    }
    writer_.EndObject();
  }
  void begin() { writer_.StartArray(); }
  std::string take() {
    writer_.EndArray();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  void put(ValueKind kind, const Cell& cell) {
    if (cell.is_null()) {
      writer_.Null();
    } else if (kind == ValueKind::kTimestamp) {
      put_timestamp(cell.text());
    } else if (kind != ValueKind::kText && (!kChecked || is_number(cell.text()))) {
      writer_.RawValue(cell.data, cell.size, rapidjson::kNumberType);
    } else {
      put_string(cell.text());
    }
  }
  void put_string(std::string_view text) {
    if (kChecked && !base::is_utf8(text)) text = "\xEF\xBF\xBD";
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void put_timestamp(std::string_view text) {
    std::array<char, 40> iso;
    if (text.size() + 3 > iso.size() || text[10] != ' ') return put_string(text);
    std::copy(text.begin(), text.end(), iso.begin());
    iso[10] = 'T';
    const bool short_zone = text[text.size() - 3] == '+' || text[text.size() - 3] == '-';
    if (short_zone) std::copy_n(":00", 3, iso.begin() + text.size());
    put_string({iso.data(), text.size() + (short_zone ? 3 : 0)});
  }

  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

template <bool kChecked>
std::string by_rapidjson(const Table& table) {
  RapidjsonEncoder<kChecked> encoder;
  encoder.begin();
  for (const Row& row : table.rows()) encoder.on_row(row);
  return encoder.take();
}

void encode(benchmark::State& state, std::string (*encode_rows)(const Table&)) {
  const Table table(state.range(0));
  if (encode_rows(table) != by_result_encoder(table)) {
    return state.SkipWithError("the two encoders differ");
  }
  for (auto _ : state) benchmark::DoNotOptimize(encode_rows(table));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void rows_by_result_encoder(benchmark::State& state) { encode(state, by_result_encoder); }
void rows_by_rapidjson(benchmark::State& state) { encode(state, by_rapidjson<true>); }
void rows_by_rapidjson_unchecked(benchmark::State& state) { encode(state, by_rapidjson<false>); }
SLUICE_MICRO(rows_by_result_encoder)->Arg(1)->Arg(100)->Arg(1000);
SLUICE_MICRO(rows_by_rapidjson)->Arg(1)->Arg(100)->Arg(1000);
SLUICE_MICRO(rows_by_rapidjson_unchecked)->Arg(1)->Arg(100)->Arg(1000);

/// A text of that length, with a quote in its middle if asked for.
std::string text_of(std::int64_t size, bool quote) {
  std::string text(static_cast<std::size_t>(size), 'x');
  if (quote) text[text.size() / 2] = '"';
  return text;
}

void string_by_text_buffer(benchmark::State& state) {
  const std::string text = text_of(state.range(0), state.range(1) != 0);
  json::TextBuffer out;
  for (auto _ : state) {
    out.truncate(0);
    out.put_string(text);
    benchmark::DoNotOptimize(out.view().data());
  }
}

void string_by_rapidjson(benchmark::State& state) {
  const std::string text = text_of(state.range(0), state.range(1) != 0);
  rapidjson::StringBuffer out;
  for (auto _ : state) {
    out.Clear();
    rapidjson::Writer<rapidjson::StringBuffer> writer(out);
    if (base::is_utf8(text)) {
      writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    }
    benchmark::DoNotOptimize(out.GetString());
  }
}

void string_sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"size", "quote"})->ArgsProduct({{8, 100, 10000}, {0, 1}});
}
SLUICE_MICRO(string_by_text_buffer)->Apply(string_sizes);
SLUICE_MICRO(string_by_rapidjson)->Apply(string_sizes);

}  // namespace
}  // namespace sluice
