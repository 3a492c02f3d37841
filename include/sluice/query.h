#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/export.h"
#include "sluice/options.h"
#include "sluice/timings.h"

namespace sluice {

/// One value for `$1`, `$2`, …. It carries text; which PostgreSQL type it becomes is decided by the
/// server's own inference, so that the same text serves int4, numeric, date or an enum.
struct Param {
  /// What was given.
  enum class Kind {
    kNull,    ///< SQL NULL; text is empty
    kBool,    ///< text is "true" or "false"
    kNumber,  ///< text keeps every digit
    kString,  ///< text is the string
    kArray,   ///< elements hold it, text its JSON: array types get elements, json types the text
    kObject,  ///< text is its JSON
  };
  Kind kind = Kind::kNull;      ///< how to read the rest
  std::string text;             ///< the value
  std::vector<Param> elements;  ///< of an array
  std::string type;             ///< forces a type by name ("int8"); empty: inferred

  /// @{
  /// From a C++ value. Implicit, so that a list of parameters reads `{42, "text", true, nullptr}`.
  Param() = default;
  Param(std::nullptr_t) {}
  Param(bool value) : kind(Kind::kBool), text(value ? "true" : "false") {}
  Param(int value) : kind(Kind::kNumber), text(std::to_string(value)) {}
  Param(long value) : kind(Kind::kNumber), text(std::to_string(value)) {}
  Param(long long value) : kind(Kind::kNumber), text(std::to_string(value)) {}
  Param(unsigned value) : kind(Kind::kNumber), text(std::to_string(value)) {}
  Param(unsigned long value) : kind(Kind::kNumber), text(std::to_string(value)) {}
  Param(unsigned long long value) : kind(Kind::kNumber), text(std::to_string(value)) {}
  SLUICE_API Param(double value);  ///< the shortest text that reads back as the same number
  Param(const char* value) : kind(Kind::kString), text(value) {}
  Param(std::string value) : kind(Kind::kString), text(std::move(value)) {}
  Param(std::string_view value) : kind(Kind::kString), text(value) {}
  /// @}
  /// A PostgreSQL array of any depth.
  SLUICE_API static Param array(std::vector<Param> elements);
};

/// One SQL statement with its parameters and limits.
struct Query {
  std::string sql;            ///< exactly one statement; UTF-8 without NUL
  std::vector<Param> params;  ///< $1, $2, …
  /// The whole call: queueing, connecting, running, reading. Default: QueryLimits::timeout; for a
  /// stream (RowSink::may_pause) QueryLimits::stream_timeout.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<std::int64_t> max_rows;  ///< further rows are not read; the result is `truncated`
  bool read_only = false;                ///< the server refuses every write
  bool unique_column_names = false;      ///< refuse duplicate column names before executing
  /// Which of several hosts may answer; default: RoutingOptions::route. Only a read-only query may
  /// ask for a replica.
  std::optional<Route> route;
  /// Gives the call up when `request_stop` of its std::stop_source is called, from any thread: it
  /// then ends with kCancelled. What waits is dropped; what runs is cancelled at the server too.
  std::stop_token stop;
};

/// How the text of a cell is to be read.
enum class ValueKind {
  kText,         ///< anything else: PostgreSQL's own text form
  kBool,         ///< "t" or "f"
  kNumber,       ///< int2, int4, oid, float4, float8: fits a double; may be NaN or ±Infinity
  kExactNumber,  ///< int8, numeric: any number of digits; may be NaN or ±Infinity
  kJson,         ///< json, jsonb
  kTimestamp,    ///< timestamp and timestamptz: "2026-01-28 12:34:56.123456+00"
  kBytes,        ///< bytea: "\x…"
};

/// One column of a result. For an array, `kind` and `delimiter` describe its innermost elements.
struct Column {
  std::string name;                   ///< as in the result; may repeat
  std::string type;                   ///< PostgreSQL's name, for instance "int4", "_text", "mood"
  std::uint32_t oid = 0;              ///< of the type
  ValueKind kind = ValueKind::kText;  ///< how to read the text
  bool array = false;                 ///< the text is an array literal
  /// So many further array literals lie in its elements: of an array of a domain over an array.
  std::uint8_t nested_arrays = 0;
  char delimiter = ',';            ///< between the elements of an array; ';' for box
  std::uint32_t table_oid = 0;     ///< 0 when the column is no plain column of a table
  std::int16_t table_column = 0;   ///< its number there, from 1
  std::int16_t type_size = 0;      ///< as libpq's PQfsize
  std::int32_t type_modifier = 0;  ///< as libpq's PQfmod
};

/// The text of one value of one row, as PostgreSQL wrote it (UTF-8). Points into the connection's
/// buffer: valid only during the call that received it.
struct Cell {
  const char* data = nullptr;  ///< null for SQL NULL
  std::size_t size = 0;        ///< in bytes

  /// Whether it is SQL NULL.
  [[nodiscard]] bool is_null() const { return data == nullptr; }
  /// The bytes; empty for NULL, too.
  [[nodiscard]] std::string_view text() const { return {data, size}; }
};

/// What a sink wants after a row.
enum class RowVerdict {
  kContinue,
  kTooLarge,  ///< the result has outgrown its limit
  kPause,     ///< no more for now, until it is resumed: only where RowSink::may_pause
};

/// Receives a result row by row, without a copy in between. All calls come on one worker thread,
/// one after the other; none may block. Not called any more after the call's completion.
/// A sink whose reader may be slower than the database asks for pauses (`may_pause`): its result is
/// a stream, of any size in constant memory. While it is paused nothing is read from the server,
/// which stops as soon as the network between has no more room. A pause counts as the call's time,
/// and ends early when the call is cancelled or late.
class SLUICE_API RowSink {
 public:
  virtual ~RowSink();
  /// Once, before the first row, also when there will be none. Not for statements without a result.
  /// The columns stay valid until the completion.
  virtual void on_columns(const std::vector<Column>& columns) = 0;
  /// Once per row; `cells` has one entry per column.
  virtual RowVerdict on_row(std::span<const Cell> cells) = 0;
  /// No further row has arrived yet: whoever collects may pass on what there is. Only after rows.
  virtual void on_lull() {}
  /// Whether `on_row` may answer kPause. Always the same answer, on any thread.
  [[nodiscard]] virtual bool may_pause() const { return false; }
  /// Once for every kPause, right after the `on_row` that gave it. `resume` makes rows come again:
  /// it may be called from any thread, also from inside this function, never calls the sink itself,
  /// and has no effect once the call has ended.
  virtual void on_paused(std::function<void()> resume) { resume(); }
  /// How much it has made of the rows, for the statistics. Asked once, after the last row.
  [[nodiscard]] virtual std::size_t bytes() const { return 0; }
};

/// How a statement ended well.
struct Completion {
  std::string command;                   ///< "SELECT", "INSERT", "CREATE TABLE", …
  std::optional<std::int64_t> affected;  ///< rows written; empty for statements that write none
  std::int64_t rows = 0;                 ///< rows given to the sink
  bool truncated = false;                ///< a limit cut the result
  bool committed = false;  ///< with `truncated`: the statement writes, and has taken effect
  Timings timings;         ///< where the time went
  std::string host;        ///< which one of several answered: "db2:5432"; empty: there is only one
};

/// A result in memory.
struct QueryResult {
  std::vector<Column> columns;  ///< one per column; none for a statement without a result
  /// rows[i][j] is the text of column j in row i, or empty for NULL.
  std::vector<std::vector<std::optional<std::string>>> rows;
  Completion completion;  ///< how the statement ended

  /// The one value of a result that has one: the first column of the first row. Empty for NULL, and
  /// when there is no row.
  [[nodiscard]] std::optional<std::string> value() const {
    return rows.empty() || rows.front().empty() ? std::nullopt : rows.front().front();
  }
};

}  // namespace sluice
