#include "gateway/row_stream.h"

#include <utility>

#include "gateway/buffered_result.h"

namespace sluice::gateway {
namespace {

constexpr std::size_t kPiece = 32 * 1024;
/// Rows pause when more is in transit, and come again when less is.
constexpr std::size_t kWindow = 128 * 1024;
constexpr std::size_t kRoomAgain = 32 * 1024;
/// What one stream may need: the window, and what waits to be sent.
constexpr std::int64_t kCharge = 512 * 1024;

}  // namespace

void RowStream::on_columns(const std::vector<Column>& columns) {
  ends_.encoder->put_columns(text_, columns);
}

RowVerdict RowStream::on_row(std::span<const Cell> cells) {
  ends_.encoder->put_row(text_, cells);
  if (text_.size() >= kPiece && !hand_over()) return RowVerdict::kTooLarge;
  // At every row: lulls hand over, too, and cannot ask for a pause.
  return in_transit_ > kWindow ? RowVerdict::kPause : RowVerdict::kContinue;
}

/// So that the first rows leave while the server still computes the next.
void RowStream::on_lull() {
  if (text_.size() > 0) (void)hand_over();  // if not, the next row is told
}

/// False: there is no memory for it.
bool RowStream::hand_over() {
  starved_ = charge_.bytes() == 0 && !charge_.add(kCharge);
  if (starved_) return false;
  handed_over_ += text_.size();
  in_transit_ += text_.size();
  ends_.loop.post(
      [self = shared_from_this(), piece = std::string(text_.view())] { self->deliver(piece); });
  if (text_.size() > 2 * kPiece) text_ = {};  // a giant row must not cost memory for long
  text_.truncate(0);
  return true;
}

void RowStream::on_paused(std::function<void()> resume) {
  resume_ = std::move(resume);
  paused_ = true;
  if (in_transit_ <= kRoomAgain && paused_.exchange(false)) resume_();
}

void RowStream::deliver(std::string_view piece) {
  begun_ = true;
  if (ends_.receiver->take(piece)) return taken(piece.size());
  held_back_ += piece.size();
}

void RowStream::drained() { taken(std::exchange(held_back_, 0)); }

void RowStream::taken(std::size_t bytes) {
  const std::size_t left = in_transit_.fetch_sub(bytes) - bytes;
  if (left <= kRoomAgain && paused_.exchange(false)) resume_();
}

void RowStream::end(Result<Completion> result, std::chrono::microseconds elapsed) {
  if (in_transit_ > held_back_) {  // pieces are still on their way here
    ends_.loop.post([self = shared_from_this(), result = std::move(result), elapsed]() mutable {
      self->end(std::move(result), elapsed);
    });
    return;
  }
  if (result) {
    ends_.encoder->put_end(text_, *result, elapsed);
    return ends_.receiver->complete(text_.view(), &result->timings);
  }
  const Error error = judged(std::move(result.error()), starved_);
  if (!begun_) return ends_.receiver->refuse(error);
  ends_.encoder->put_error(text_, error);
  ends_.receiver->fail(text_.view(), error);
}

}  // namespace sluice::gateway
