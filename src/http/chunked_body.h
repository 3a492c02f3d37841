#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::http {

/// Decodes one chunked body as it arrives, at constant cost per byte however it is cut. Strict:
/// lines end with CR LF, sizes are one to fifteen hexadecimal digits, extensions and trailers are
/// bounded and dropped (a trailer must never pass for a header). Owns the decoded body; does not
/// block or throw.
class ChunkedBody {
 public:
  enum class Status { kNeedMore, kComplete, kBad, kTooLarge };

  explicit ChunkedBody(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Takes what belongs to the body off the front of `input`.
  [[nodiscard]] Status feed(std::string_view& input);
  [[nodiscard]] std::string take() { return std::move(body_); }

 private:
  enum class State {
    kSize,
    kBlank,  // after a size; only an extension or the line's end may follow
    kExtension,
    kSizeEnd,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kTrailerEnd
  };

  Status take_data(std::string_view& input);
  Status step(char c);
  Status size_digit(char c);
  Status after_size(char c);
  Status end_of_size_line();
  Status trailer(char c);
  Status count_overhead();

  const std::size_t max_bytes_;
  State state_ = State::kSize;
  std::uint64_t size_ = 0;  // of the current chunk; then what is left of it
  std::size_t digits_ = 0;
  std::size_t line_bytes_ = 0;  // of the current trailer line
  std::size_t overhead_ = 0;    // of the current size line, or of all trailers
  bool trailer_named_ = false;  // the colon of the current trailer line was seen
  std::string body_;
};

}  // namespace sluice::http
