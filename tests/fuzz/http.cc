// Bytes of a connection become requests. However they are cut into reads, the same requests come
// out, and all bytes of a body belong to the request that announced them: framing is worked out
// here once more, in the plainest way, and must agree.
#include <cctype>
#include <cstdint>
#include <vector>

#include "fuzz/fuzz.h"
#include "http/request_parser.h"

namespace sluice::fuzz {
namespace {

using http::ParsedRequest;
using http::RequestParser;
using Status = RequestParser::Status;

constexpr std::size_t kMaxHead = 1'024;
constexpr std::size_t kMaxBody = 256;

struct Request {
  std::size_t begin;  ///< of its bytes in the input
  std::size_t end;
  ParsedRequest parsed;
};

/// Everything that came out of one connection.
struct Outcome {
  std::vector<Request> requests;
  std::string ending;
};

std::string describe(const ParsedRequest& request) {
  std::string text = std::to_string(static_cast<int>(request.method)) + " " + request.target +
                     " of " + request.host + " 1." + std::to_string(request.version_minor) +
                     (request.keep_alive ? " stays\n" : " goes\n");
  for (const auto& [name, value] : request.headers) text += name + "=" + value + "\n";
  return text + "[" + request.body + "]\n";
}

std::string describe(const Outcome& outcome) {
  std::string text;
  for (const Request& request : outcome.requests) text += describe(request.parsed);
  return text + outcome.ending;
}

/// Feeds the input in pieces, whose sizes `next_size` tells.
template <typename NextSize>
Outcome feed(std::string_view input, NextSize next_size) {
  Outcome outcome;
  RequestParser parser(kMaxHead, kMaxBody);
  std::size_t at = 0;
  std::size_t begin = 0;
  std::string_view piece;
  while (at < input.size()) {
    if (piece.empty()) piece = input.substr(at, next_size());
    const std::size_t before = piece.size();
    const Status status = parser.feed(piece);
    at += before - piece.size();
    if (status == Status::kRefused) {
      outcome.ending = std::to_string(parser.refusal().status) + " " + parser.refusal().detail;
      return outcome;
    }
    if (status == Status::kNeedMore) {
      require(piece.empty(), "what is not refused is taken");
      continue;
    }
    outcome.requests.push_back({begin, at, parser.take()});
    begin = at;
    require(!parser.started(), "a new request begins with nothing");
  }
  outcome.ending = parser.in_body() ? "in a body" : parser.started() ? "in a head" : "between";
  return outcome;
}

// --- the plainest way ---------------------------------------------------------------------------

std::string header(const ParsedRequest& request, std::string_view name) {
  for (const auto& [each, value] : request.headers) {
    if (each == name) return value;
  }
  return {};
}

/// Takes the chunks apart; what is left must be nothing.
std::string unchunked(std::string_view raw) {
  std::string body;
  for (;;) {
    const auto line = raw.find("\r\n");
    require(line != std::string_view::npos, "a chunk begins with a line", raw);
    const auto size = std::strtoull(std::string(raw.substr(0, line)).c_str(), nullptr, 16);
    raw.remove_prefix(line + 2);
    if (size == 0) break;
    require(raw.size() >= size + 2 && raw.substr(size, 2) == "\r\n", "a chunk ends with CR LF",
            raw);
    body += raw.substr(0, size);
    raw.remove_prefix(size + 2);
  }
  while (!raw.starts_with("\r\n")) {
    const auto line = raw.find("\r\n");
    require(line != std::string_view::npos, "trailers end with CR LF", raw);
    raw.remove_prefix(line + 2);
  }
  require(raw == "\r\n", "a chunked body ends with an empty line", raw);
  return body;
}

void check_framing(std::string_view input, const Request& request) {
  std::string_view raw = input.substr(request.begin, request.end - request.begin);
  if (raw.starts_with("\r\n")) raw.remove_prefix(2);
  const auto end_of_head = raw.find("\r\n\r\n");
  require(end_of_head != std::string_view::npos, "a request has a head", raw);
  const std::string_view body = raw.substr(end_of_head + 4);
  const auto length = header(request.parsed, "content-length");
  const auto coding = header(request.parsed, "transfer-encoding");
  require(length.empty() || coding.empty(), "a body is framed in one way", raw);
  if (!coding.empty()) {
    require(unchunked(body) == request.parsed.body, "chunks are decoded", raw);
  } else {
    const auto announced = length.empty() ? 0 : std::stoull(length);
    require(body.size() == announced, "a body has the length that was announced", raw);
    require(body == request.parsed.body, "a body is taken as it is", raw);
  }
}

}  // namespace

void http(std::string_view input) {
  const Outcome whole = feed(input, [&input] { return input.size(); });
  for (const Request& request : whole.requests) check_framing(input, request);
  const std::string expected = describe(whole);
  require(describe(feed(input, [] { return 1; })) == expected, "bytes one by one mean the same",
          expected);
  std::uint32_t draw = 2'166'136'261U;
  for (const char c : input) draw = (draw ^ static_cast<unsigned char>(c)) * 16'777'619U;
  const auto any_size = [&draw] {
    draw = draw * 1'664'525U + 1'013'904'223U;
    return 1 + (draw >> 24) % 40;
  };
  require(describe(feed(input, any_size)) == expected, "pieces mean the same as the whole",
          expected);
}

}  // namespace sluice::fuzz
