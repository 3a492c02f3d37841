#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/answer_encoder.h"
#include "json/cell_text.h"

namespace sluice::json {

/// What a request of the Neon protocol asks for.
struct NeonFormat {
  bool raw_text = false;  ///< every value as PostgreSQL's text; else JSON where JavaScript can
  bool arrays = false;    ///< rows as arrays, else as objects
};

/// Writes rows as clients of the Neon protocol read them (docs/neon.md): with the fields that
/// PostgreSQL's own protocol describes columns by.
class NeonEncoder final : public AnswerEncoder {
 public:
  NeonEncoder(NeonFormat format, std::int64_t max_bytes)
      : AnswerEncoder(max_bytes), format_(format) {}

  void on_columns(const std::vector<Column>& columns) override;
  RowVerdict on_row(std::span<const Cell> cells) override;

  /// {"fields","rows","command","rowCount","rowAsArray"}; the database and the time are not told.
  [[nodiscard]] std::string finish(std::string_view db_id, const Completion& completion,
                                   std::chrono::microseconds elapsed) override;
  [[nodiscard]] std::string finish_part(const Completion& completion) override;

 private:
  enum class Kind { kText, kJson, kInterval, kIntervalArray };
  struct ColumnPlan {
    std::string lead;      ///< what stands before a cell
    bool omitted = false;  ///< a later column of an object has its name
    Kind kind = Kind::kText;
    CellFormat format;
  };
  [[nodiscard]] ColumnPlan plan_of(const Column& column) const;
  void put_value(const ColumnPlan& plan, std::string_view text);

  NeonFormat format_;
  TextBuffer fields_;
  std::vector<ColumnPlan> plans_;
  std::int64_t count_ = 0;
};

}  // namespace sluice::json
