#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "json/text_buffer.h"
#include "sluice/query.h"

namespace sluice::json {

/// Writes the rows of one statement while they arrive, and then the answer around them. One per
/// statement; used by one thread at a time (the home worker writes, the request's worker takes the
/// result).
class AnswerEncoder : public RowSink {
 public:
  /// `max_bytes`: above it `on_row` answers kTooLarge and the last row is taken back.
  explicit AnswerEncoder(std::int64_t max_bytes);

  /// Asked, now and then, for leave to grow by so many bytes; without it the row is refused.
  using Grow = std::function<bool(std::size_t bytes)>;
  void ask_before_growing(Grow grow);
  /// Whether that was refused.
  [[nodiscard]] bool starved() const { return starved_; }
  [[nodiscard]] std::size_t bytes() const override { return out_.size(); }

  /// The whole answer. Call once, last.
  [[nodiscard]] virtual std::string finish(std::string_view db_id, const Completion& completion,
                                           std::chrono::microseconds elapsed) = 0;
  /// Of that, from the beginning: what is the same whenever the same result is given.
  [[nodiscard]] std::size_t stable_bytes() const { return stable_bytes_; }
  /// The answer of one statement of several. Call once, last.
  [[nodiscard]] virtual std::string finish_part(const Completion& completion) = 0;

 protected:
  /// Whether a row is surely too large, so that it need not be copied to know it.
  [[nodiscard]] bool is_giant(std::span<const Cell> cells) const;
  /// Whether what was written is no more than may be; if not, all after `before` is taken back.
  [[nodiscard]] bool fits(std::size_t before) {
    if (out_.size() <= granted_ || may_grow()) return true;
    out_.truncate(before);
    return false;
  }

  TextBuffer out_;  ///< the rows, without the brackets around them
  std::size_t stable_bytes_ = 0;

 private:
  [[nodiscard]] bool may_grow();

  std::size_t max_bytes_;
  std::size_t granted_;  ///< at most max_bytes_
  Grow grow_;
  bool starved_ = false;
};

/// One text of three.
[[nodiscard]] std::string joined(std::string_view before, std::string_view rows,
                                 std::string_view after);

}  // namespace sluice::json
