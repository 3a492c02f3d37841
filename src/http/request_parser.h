#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/chunked_body.h"
#include "http/exchange.h"
#include "http/head_check.h"

namespace sluice::http {

/// A request as it came: framed and parsed, but not yet decoded or routed.
struct ParsedRequest {
  Pistache::Http::Method method = Pistache::Http::Method::Get;
  std::string target;  ///< path and query, still percent-encoded
  std::string host;
  int version_minor = 1;
  bool keep_alive = true;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
};

/// Turns the bytes of one connection into requests, one after another. The head is checked by our
/// own rules (head_check.h) and then parsed by Boost.Beast; the body is framed by us, because Beast
/// 1.74 merges trailers into the headers and asserts on some cuts of a final chunk. Cost is linear
/// in the bytes, however they are cut. Not thread-safe, does not block, does not throw.
class RequestParser {
 public:
  enum class Status { kNeedMore, kComplete, kRefused };

  RequestParser(std::size_t max_head_bytes, std::size_t max_body_bytes)
      : max_head_bytes_(max_head_bytes), max_body_bytes_(max_body_bytes) {}

  /// Takes what belongs to the current request off the front of `input`; all of it unless the
  /// request is complete or refused. After a refusal the connection cannot be used any further.
  [[nodiscard]] Status feed(std::string_view& input);

  /// Whether a request has begun, and whether its head is complete.
  [[nodiscard]] bool started() const { return phase_ != Phase::kHead || head_bytes_ > 0; }
  [[nodiscard]] bool in_body() const { return phase_ != Phase::kHead; }
  /// True once per request whose client waits for an interim answer before it sends the body.
  [[nodiscard]] bool take_expectation();

  /// The complete request; the parser then begins the next one.
  [[nodiscard]] ParsedRequest take();
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  /// What is known of a request that was refused or never completed.
  [[nodiscard]] const ParsedRequest& partial() const { return request_; }

 private:
  enum class Phase { kHead, kSizedBody, kChunkedBody, kComplete };

  Status feed_head(std::string_view& input);
  std::optional<std::size_t> find_end_of_head(std::string_view input);
  Status finish_head(std::string_view head);
  Status begin_body();
  Status feed_body(std::string_view& input);
  Status refuse(int status, std::string code, std::string detail);
  bool parse_fields(std::string_view head);

  const std::size_t max_head_bytes_;
  const std::size_t max_body_bytes_;
  Phase phase_ = Phase::kHead;
  std::string head_;            // what came of a head that was not whole at once
  std::size_t head_bytes_ = 0;  // scanned so far
  std::size_t line_bytes_ = 0;  // of the current line
  char last_ = 0;               // the byte scanned last
  bool blank_line_skipped_ = false;
  HeadFacts facts_;  // its views are only valid while the head is being finished
  std::uint64_t body_left_ = 0;
  std::optional<ChunkedBody> chunks_;
  bool expectation_ = false;
  ParsedRequest request_;
  Refusal refusal_;
};

}  // namespace sluice::http
