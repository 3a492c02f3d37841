#include "http/response_encoder.h"

#include <pistache/http_defs.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "http/syntax.h"

namespace sluice::http {
namespace {

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// Headers that are the transport's own business.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 5> kNames{"connection", "content-length", "date",
                                                   "transfer-encoding", "x-request-id"};
  return std::any_of(kNames.begin(), kNames.end(), [name](std::string_view framing) {
    return equal_ignoring_case(name, framing);
  });
}

/// A line break in a value would let its author write headers, or a whole answer.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!is_token(name) || is_framing(name)) return;
  out.append(name).append(": ");
  if (is_field_value(value)) {
    out.append(value);
  } else {
    std::transform(value.begin(), value.end(), std::back_inserter(out), [](char c) {
      return is_field_value({&c, 1}) ? c : ' ';
    });
  }
  out.append("\r\n");
}

bool has_no_body(int status) { return status < 200 || status == 204 || status == 304; }

void append_framing(std::string& out, BodyFraming framing, std::size_t length) {
  if (framing == BodyFraming::kChunked) out.append("Transfer-Encoding: chunked\r\n");
  if (framing != BodyFraming::kLength) return;
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

}  // namespace

void ResponseEncoder::append(OutputQueue& output, const AnswerFraming& framing,
                             Response&& response) {
  append_head(output.small(), framing, response);
  if (framing.head_only || has_no_body(response.status)) return;
  output.append(std::move(response.body), std::move(response.charge));
}

void ResponseEncoder::append_head(std::string& out, const AnswerFraming& framing,
                                  const Response& response) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(response.status));
  out.append(" ")
      .append(codeString(static_cast<Pistache::Http::Code>(response.status)))
      .append("\r\nDate: ")
      .append(date())
      .append("\r\n");
  if (!response.content_type.empty() && !has_no_body(response.status)) {
    append_field(out, "Content-Type", response.content_type);
  }
  if (!has_no_body(response.status)) append_framing(out, framing.body, response.body.size());
  if (framing.close)
    out.append("Connection: close\r\n");
  else if (framing.version_minor == 0)
    out.append("Connection: keep-alive\r\n");
  out.append("X-Request-Id: ").append(framing.request_id).append("\r\n");
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  out.append(framing.further_headers).append("\r\n");
}

std::string_view ResponseEncoder::date() {
  const std::time_t now = std::time(nullptr);
  if (now == date_of_) return date_;
  date_of_ = now;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 40> text;
  // The process never leaves the C locale, so the names are English.
  date_.assign(text.data(),
               std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  return date_;
}

void append_piece(OutputQueue& output, BodyFraming framing, std::string&& piece) {
  if (piece.empty()) return;  // a chunk of that size would be the last one
  if (framing != BodyFraming::kChunked) return output.append(std::move(piece));
  std::array<char, 18> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), piece.size(), 16).ptr;
  output.small().append(digits.data(), end).append("\r\n");
  output.append(std::move(piece));
  output.small().append("\r\n");
}

void append_end(OutputQueue& output, BodyFraming framing) {
  if (framing == BodyFraming::kChunked) output.small().append("0\r\n\r\n");
}

}  // namespace sluice::http
