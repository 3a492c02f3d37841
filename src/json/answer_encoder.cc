#include "json/answer_encoder.h"

#include <algorithm>
#include <utility>

namespace sluice::json {
namespace {

// Nobody is asked for so much.
constexpr std::size_t kFreeBytes = 64 * 1024;

}  // namespace

AnswerEncoder::AnswerEncoder(std::int64_t max_bytes)
    : max_bytes_(static_cast<std::size_t>(std::max<std::int64_t>(max_bytes, 0))),
      granted_(max_bytes_) {}

void AnswerEncoder::ask_before_growing(Grow grow) {
  grow_ = std::move(grow);
  granted_ = std::min(max_bytes_, kFreeBytes);
}

bool AnswerEncoder::is_giant(std::span<const Cell> cells) const {
  std::size_t text = 0;
  for (const Cell& cell : cells) text += cell.size;
  return text / 2 > max_bytes_;  // JSON is at least half as long as the text it is made of
}

/// In steps that double, as the buffer itself does.
bool AnswerEncoder::may_grow() {
  if (!grow_ || out_.size() > max_bytes_) return false;
  const std::size_t step = std::max(granted_, out_.size() - granted_);
  starved_ = !grow_(step);
  if (starved_) return false;
  granted_ = std::min(max_bytes_, granted_ + step);
  return true;
}

std::string joined(std::string_view before, std::string_view rows, std::string_view after) {
  std::string text;
  text.reserve(before.size() + rows.size() + after.size());
  return text.append(before).append(rows).append(after);
}

}  // namespace sluice::json
