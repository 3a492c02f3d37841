#include "http/chunked_body.h"

#include <algorithm>

#include "http/syntax.h"

namespace sluice::http {
namespace {

constexpr std::size_t kMaxSizeDigits = 15;
constexpr std::size_t kMaxOverhead = 4096;  // bytes of one size line, or of all trailers

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

ChunkedBody::Status ChunkedBody::feed(std::string_view& input) {
  while (!input.empty()) {
    Status status = Status::kNeedMore;
    if (state_ == State::kData) {
      status = take_data(input);
    } else {
      status = step(input.front());
      input.remove_prefix(1);
    }
    if (status != Status::kNeedMore) return status;
  }
  return Status::kNeedMore;
}

ChunkedBody::Status ChunkedBody::take_data(std::string_view& input) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size_, input.size()));
  body_.append(input.substr(0, count));
  input.remove_prefix(count);
  size_ -= count;
  if (size_ == 0) state_ = State::kDataCr;
  return Status::kNeedMore;
}

ChunkedBody::Status ChunkedBody::step(char c) {
  switch (state_) {
    case State::kSize:
      return size_digit(c);
    case State::kBlank:
      return after_size(c) == Status::kBad ? Status::kBad : count_overhead();
    case State::kExtension:
      if (c == '\r')
        state_ = State::kSizeEnd;
      else if (!is_field_value({&c, 1}))
        return Status::kBad;
      return count_overhead();
    case State::kSizeEnd:
      return c == '\n' ? end_of_size_line() : Status::kBad;
    case State::kDataCr:
      state_ = State::kDataLf;
      return c == '\r' ? Status::kNeedMore : Status::kBad;
    case State::kDataLf:
      state_ = State::kSize;
      return c == '\n' ? Status::kNeedMore : Status::kBad;
    case State::kTrailer:
      return trailer(c);
    case State::kTrailerEnd:
      if (c != '\n') return Status::kBad;
      state_ = State::kTrailer;
      return std::exchange(line_bytes_, 0) == 0 ? Status::kComplete : Status::kNeedMore;
    case State::kData:
      break;
  }
  return Status::kBad;
}

ChunkedBody::Status ChunkedBody::size_digit(char c) {
  if (const int value = hex_value(c); value >= 0) {
    size_ = size_ * 16 + static_cast<std::uint64_t>(value);
    return ++digits_ <= kMaxSizeDigits ? Status::kNeedMore : Status::kBad;
  }
  return digits_ == 0 ? Status::kBad : after_size(c);
}

ChunkedBody::Status ChunkedBody::after_size(char c) {
  if (c == '\r')
    state_ = State::kSizeEnd;
  else if (c == ';')
    state_ = State::kExtension;
  else if (c == ' ' || c == '\t')
    state_ = State::kBlank;
  else
    return Status::kBad;
  return Status::kNeedMore;
}

ChunkedBody::Status ChunkedBody::end_of_size_line() {
  if (size_ > max_bytes_ - std::min(body_.size(), max_bytes_)) return Status::kTooLarge;
  digits_ = 0;
  overhead_ = 0;
  state_ = size_ == 0 ? State::kTrailer : State::kData;
  return Status::kNeedMore;
}

ChunkedBody::Status ChunkedBody::trailer(char c) {
  if (c == '\r') {
    state_ = State::kTrailerEnd;
    return line_bytes_ == 0 || trailer_named_ ? Status::kNeedMore : Status::kBad;
  }
  if (line_bytes_ == 0) trailer_named_ = false;
  if (c == ':' && line_bytes_ > 0) trailer_named_ = true;
  if (trailer_named_ ? !is_field_value({&c, 1}) : !is_token_char(c)) return Status::kBad;
  ++line_bytes_;
  return count_overhead();
}

ChunkedBody::Status ChunkedBody::count_overhead() {
  return ++overhead_ <= kMaxOverhead ? Status::kNeedMore : Status::kBad;
}

}  // namespace sluice::http
