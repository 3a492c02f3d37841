// Answers whose body comes in pieces, or is compressed. The rest is in http_exchange.cc.
#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "http/etag.h"
#include "http/http_exchange.h"

namespace sluice::http {
namespace {

/// Of an answer that is not sent yet: whoever writes it is asked to wait.
constexpr std::size_t kFull = 256 * 1024;
/// A smaller body fits into a packet as it is.
constexpr std::size_t kWorthIt = 1024;
/// Compressing so much takes less than half a millisecond.
constexpr std::size_t kSlice = 32 * 1024;
constexpr int kNotModified = 304;
constexpr std::string_view kVary = "Vary: Accept-Encoding\r\n";

bool is_worth_it(const Response& response) {
  return response.body.size() >= kWorthIt && is_compressible(response);
}

void tag_as_gzip(Response& response) {
  for (auto& [name, value] : response.headers) {
    if (name == "ETag") value = gzip_etag(value);
  }
}

void say_gzip(Response& response) {
  tag_as_gzip(response);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

}  // namespace

void HttpExchange::begin(Response head) {
  assert(loop_.is_current());
  if (answered_ || streams_) return;
  streams_ = true;
  response_ = std::move(head);
  if (may_compress(response_)) {
    gzip_ = std::make_unique<Gzip>();
    say_gzip(response_);
  }
  if (gzip_ || is_compressible(response_)) header_lines += kVary;
}

bool HttpExchange::write(std::string_view piece) { return append(piece, Gzip::Then::kFlush); }

bool HttpExchange::append(std::string_view piece, Gzip::Then then) {
  if (!sink_ || answered_ || request_.method == Pistache::Http::Method::Head) return true;
  gzip_ ? written_.append(gzip_->compress(piece, then)) : written_.append(piece);
  sink_->answered();
  if (!sink_) return true;
  full_ |= written_.size() + sink_->unsent(*this) > kFull;
  return !full_;
}

/// Kept no longer than it is of use: it may own the handler's state, and that this exchange.
void HttpExchange::on_drained(std::function<void()> drained) {
  if (!settled_) drained_ = std::move(drained);
}

void HttpExchange::tell_drained() {
  if (!std::exchange(full_, false) || !drained_) return;
  const auto told = drained_;  // it may be replaced
  told();
}

void HttpExchange::finish() {
  if (gzip_) append({}, Gzip::Then::kEnd);
  end(false);
}

void HttpExchange::break_off() { end(true); }

void HttpExchange::end(bool broken_off) {
  if (answered_) return;
  settled_ = answered_ = true;
  broken_off_ = broken_off;
  gzip_.reset();
  const auto gone = std::exchange(gone_, nullptr);  // destroyed last, as in `respond`
  const auto drained = std::exchange(drained_, nullptr);
  if (sink_) sink_->answered();
}

bool HttpExchange::may_compress(const Response& response) const {
  return sink_ && sink_->compresses() && is_compressible(response) &&
         wants_gzip(request_.header("accept-encoding"));
}

/// Small bodies cost a comparison. False: it is sent in pieces.
bool HttpExchange::compress(Response& response) {
  if (response.status == kNotModified) return leave_out_body(response), true;
  if (!is_worth_it(response)) return true;
  if (!may_compress(response)) {
    header_lines += kVary;
    return true;
  }
  if (response.body.size() > kSlice) {
    compress_in_slices(std::move(response));
    return false;
  }
  header_lines += kVary;
  say_gzip(response);
  response.body = Gzip().compress(response.body, Gzip::Then::kEnd);
  return true;
}

/// The head is as with the body, apart from what describes that alone (RFC 9110, 15.4.5).
void HttpExchange::leave_out_body(Response& response) {
  if (is_worth_it(response)) {
    header_lines += kVary;
    if (may_compress(response)) tag_as_gzip(response);
  }
  response.body.clear();
}

/// So that the worker serves others in between.
void HttpExchange::compress_in_slices(Response response) {
  settled_ = true;
  gone_ = nullptr;
  plain_ = std::move(response.body);
  begin(std::move(response));
  drained_ = [this] { compress_slice(); };
  compress_slice();
}

void HttpExchange::compress_slice() {
  if (!sink_ || answered_) return;
  const std::string_view slice = std::string_view(plain_).substr(plain_at_, kSlice);
  if (slice.empty()) return finish();
  plain_at_ += slice.size();
  if (!append(slice, Gzip::Then::kGoOn)) return;
  loop_.post([self = shared_from_this()] { self->compress_slice(); });
}

}  // namespace sluice::http
