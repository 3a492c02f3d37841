#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "http/exchange.h"
#include "http/output_queue.h"

namespace sluice::http {

/// How the client knows where a body ends.
enum class BodyFraming {
  kLength,
  kChunked,
  kUntilClose,  ///< HTTP/1.0 knows nothing else for bodies of unknown length
};

/// How an answer is framed; the rest is in the Response.
struct AnswerFraming {
  BodyFraming body = BodyFraming::kLength;
  int version_minor = 1;
  bool head_only = false;  ///< the answer to HEAD: its length, but no body
  bool close = false;      ///< the connection ends after it
  std::string_view request_id;
  std::string_view further_headers;  ///< whole lines
};

/// Writes answers as HTTP/1.1. One per worker: it keeps the text of the Date header for a second.
class ResponseEncoder {
 public:
  void append(OutputQueue& output, const AnswerFraming& framing, Response&& response);
  /// The head alone; the body follows in pieces.
  void append_head(std::string& out, const AnswerFraming& framing, const Response& response);

 private:
  std::string_view date();

  std::time_t date_of_ = 0;
  std::string date_;
};

/// Adds a piece of a body.
void append_piece(OutputQueue& output, BodyFraming framing, std::string&& piece);
/// Ends a body that is complete.
void append_end(OutputQueue& output, BodyFraming framing);

}  // namespace sluice::http
