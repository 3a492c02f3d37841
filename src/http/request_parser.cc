#include "http/request_parser.h"

#include <algorithm>
#include <cstring>
#include <limits>

// GCC 12 with sanitizers takes an empty boost::optional for an uninitialised one.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include "http/syntax.h"

namespace sluice::http {

namespace beast_http = boost::beast::http;

RequestParser::Status RequestParser::feed(std::string_view& input) {
  while (phase_ == Phase::kHead && !input.empty()) {
    if (feed_head(input) == Status::kRefused) return Status::kRefused;
  }
  return phase_ == Phase::kHead ? Status::kNeedMore : feed_body(input);
}

RequestParser::Status RequestParser::feed_head(std::string_view& input) {
  // Something that cannot become a method (a TLS greeting, say) is refused before a line is whole.
  if (head_bytes_ == 0 && !is_token_char(input.front()) && input.front() != '\r') {
    return refuse(400, "bad_request", "this is not an HTTP request; does the client speak TLS?");
  }
  const auto end = find_end_of_head(input);
  if (phase_ == Phase::kComplete) return Status::kRefused;
  if (!end) {
    head_.append(input);
    input = {};
    return Status::kNeedMore;
  }
  const std::string_view rest = input.substr(0, *end);
  input.remove_prefix(*end);
  if (head_.empty()) return finish_head(rest);
  head_.append(rest);
  const std::string head = std::exchange(head_, {});
  return finish_head(head);
}

std::optional<std::size_t> RequestParser::find_end_of_head(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size()) {
    const void* found = std::memchr(input.data() + at, '\n', input.size() - at);
    const std::size_t line_end =
        found ? static_cast<std::size_t>(static_cast<const char*>(found) - input.data()) + 1
              : input.size();
    line_bytes_ += line_end - at;
    head_bytes_ += line_end - at;
    const char before = line_end >= 2 ? input[line_end - 2] : last_;
    at = line_end;
    if (head_bytes_ > max_head_bytes_) {
      (void)refuse(
          431, "head_too_large",
          "the request line and headers exceed " + std::to_string(max_head_bytes_) + " bytes");
      return std::nullopt;
    }
    if (!found) break;
    if (before != '\r') {
      (void)refuse(400, "bad_request", "a line does not end with CR LF");
      return std::nullopt;
    }
    if (std::exchange(line_bytes_, 0) == 2) return at;
  }
  last_ = input.back();
  return std::nullopt;
}

RequestParser::Status RequestParser::finish_head(std::string_view head) {
  if (head == "\r\n" && !std::exchange(blank_line_skipped_, true)) {
    head_bytes_ = 0;
    last_ = 0;
    return Status::kNeedMore;  // one empty line before a request is forgiven (RFC 9112, 2.2)
  }
  auto refusal = check_head(head, facts_);
  request_.method = facts_.method.value_or(Pistache::Http::Method::Get);
  request_.target = facts_.target;
  request_.host = facts_.host;
  request_.version_minor = facts_.version_minor;
  request_.keep_alive = facts_.keep_alive;
  if (refusal) return refuse(refusal->status, refusal->code, refusal->detail);
  if (!parse_fields(head)) return refuse(400, "bad_request", "the request's head is malformed");
  return begin_body();
}

bool RequestParser::parse_fields(std::string_view head) {
  beast_http::request_parser<beast_http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(max_head_bytes_));
  // The body is not Beast's business. (Its way to say "no limit", boost::none, means 0 in 1.74.)
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  boost::system::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if ((error && error != beast_http::error::need_more) || used != head.size()) return false;
  if (!parser.is_header_done()) return false;
  request_.headers.reserve(8);
  for (const auto& field : parser.get()) {
    const auto name = field.name_string();
    const auto value = field.value();
    request_.headers.emplace_back(lower_case({name.data(), name.size()}),
                                  std::string(value.data(), value.size()));
  }
  return true;
}

RequestParser::Status RequestParser::begin_body() {
  body_left_ = facts_.content_length.value_or(0);
  if (body_left_ > max_body_bytes_) {
    return refuse(413, "payload_too_large",
                  "the request's body exceeds " + std::to_string(max_body_bytes_) + " bytes");
  }
  expectation_ = facts_.expects_continue && (facts_.chunked || body_left_ > 0);
  phase_ = facts_.chunked ? Phase::kChunkedBody : Phase::kSizedBody;
  if (facts_.chunked) chunks_.emplace(max_body_bytes_);
  return Status::kNeedMore;
}

RequestParser::Status RequestParser::feed_body(std::string_view& input) {
  if (!input.empty()) expectation_ = false;  // the client did not wait
  if (phase_ == Phase::kSizedBody) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input.size()));
    request_.body.append(input.substr(0, count));
    input.remove_prefix(count);
    body_left_ -= count;
    if (body_left_ > 0) return Status::kNeedMore;
    phase_ = Phase::kComplete;
    return Status::kComplete;
  }
  switch (chunks_->feed(input)) {
    case ChunkedBody::Status::kNeedMore:
      return Status::kNeedMore;
    case ChunkedBody::Status::kBad:
      return refuse(400, "bad_request", "the chunked body is malformed");
    case ChunkedBody::Status::kTooLarge:
      return refuse(413, "payload_too_large",
                    "the request's body exceeds " + std::to_string(max_body_bytes_) + " bytes");
    case ChunkedBody::Status::kComplete:
      break;
  }
  request_.body = chunks_->take();
  phase_ = Phase::kComplete;
  return Status::kComplete;
}

bool RequestParser::take_expectation() { return std::exchange(expectation_, false); }

ParsedRequest RequestParser::take() {
  phase_ = Phase::kHead;
  head_bytes_ = 0;
  line_bytes_ = 0;
  last_ = 0;
  blank_line_skipped_ = false;
  chunks_.reset();
  expectation_ = false;
  return std::exchange(request_, {});
}

RequestParser::Status RequestParser::refuse(int status, std::string code, std::string detail) {
  refusal_ = Refusal{status, std::move(code), std::move(detail)};
  phase_ = Phase::kComplete;
  return Status::kRefused;
}

}  // namespace sluice::http
