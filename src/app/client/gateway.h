#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/client/failure.h"
#include "json/document.h"

namespace sluice::app::client {

struct Request {
  std::string method = "GET";
  std::string path;
  std::string body = {};  ///< JSON, or nothing
  /// How long the gateway may take to answer; zero: as long as it wants.
  std::chrono::milliseconds patience = std::chrono::seconds(30);
  std::string accept = "application/json";
};

struct Reply {
  int status = 0;
  std::string body = {};
  std::string server_timing = {};
  bool complete = true;  ///< false, of a stream alone: it ended before its body did
};

/// Takes the next piece of a body. False: no more of it is wanted.
using TakePiece = std::function<bool(std::string_view piece)>;

/// A gateway that can be asked. Tests have one of their own.
class Gateway {
 public:
  virtual ~Gateway() = default;
  [[nodiscard]] virtual Outcome<Reply> ask(const Request& request) = 0;
  /// Likewise, but the body of an answer with status 200 goes to `take` while it arrives, and is
  /// kept nowhere. A gateway whose answer is not wanted any more is told so.
  [[nodiscard]] virtual Outcome<Reply> stream(const Request& request, const TakePiece& take);
};

/// A JSON text that was read, with the text itself.
class Answer {
 public:
  [[nodiscard]] static Outcome<Answer> parse(std::string text);

  [[nodiscard]] const json::Value& root() const { return document_.root(); }
  [[nodiscard]] const std::string& text() const { return *text_; }

 private:
  Answer(std::unique_ptr<const std::string> text, json::Document document)
      : text_(std::move(text)), document_(std::move(document)) {}

  std::unique_ptr<const std::string> text_;  ///< does not move: the document points into it
  json::Document document_;
};

/// Asks for JSON. An answer with a status of 400 or more is a failure that says what the problem
/// document says.
[[nodiscard]] Outcome<Answer> fetch(Gateway& gateway, const Request& request);
[[nodiscard]] Outcome<Answer> fetch(Gateway& gateway, std::string path);

/// Text as it may stand in a path or a query string.
[[nodiscard]] std::string percent_encoded(std::string_view text);

}  // namespace sluice::app::client
