#include "app/client/gateway.h"

#include <fmt/format.h>

#include <utility>

#include "app/client/problem.h"
#include "app/terminal/text.h"

namespace sluice::app::client {

/// Those that only ask have it at once.
Outcome<Reply> Gateway::stream(const Request& request, const TakePiece& take) {
  auto reply = ask(request);
  if (reply && reply->status == 200) take(std::exchange(reply->body, {}));
  return reply;
}

Outcome<Answer> Answer::parse(std::string text) {
  auto kept = std::make_unique<const std::string>(std::move(text));
  auto document = json::Document::parse(*kept);
  if (!document) {
    return failed(ExitStatus::kFailure, "the answer cannot be read: " + document.error().message);
  }
  return Answer(std::move(kept), *std::move(document));
}

Outcome<Answer> fetch(Gateway& gateway, const Request& request) {
  auto reply = gateway.ask(request);
  if (!reply) return tl::unexpected(std::move(reply.error()));
  auto answer = Answer::parse(std::move(reply->body));
  if (reply->status < 400) return answer;
  if (answer && !text_at(answer->root(), "code").empty()) {
    return tl::unexpected(describe_problem(answer->root()));
  }
  return failed(ExitStatus::kFailure,
                fmt::format("{} {} was answered with status {} and no explanation; is this a "
                            "Sluice gateway?",
                            request.method, request.path, reply->status));
}

Outcome<Answer> fetch(Gateway& gateway, std::string path) {
  return fetch(gateway, Request{.path = std::move(path)});
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace sluice::app::client
