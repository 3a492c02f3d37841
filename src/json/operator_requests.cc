#include <array>
#include <string_view>

#include "json/document.h"
#include "json/fields.h"
#include "json/requests.h"

namespace sluice::json {
namespace {

/// Why an operator does something, in the operator's words.
std::string read_reason(Fields& fields) {
  constexpr std::size_t kLongest = 200;
  std::string reason(fields.text("reason").value_or(""));
  if (reason.size() > kLongest) fields.mistake("reason", "must be at most 200 bytes long");
  return reason;
}

}  // namespace

Result<BreakerRequest> decode_breaker(std::string_view body) {
  static constexpr std::array<std::string_view, 3> kKnown{"state", "for_ms", "reason"};
  static constexpr std::array<std::string_view, 4> kStates{"forced_open", "forced_closed", "auto",
                                                           "observe_only"};
  static constexpr std::array kMeanings{BreakerState::kForcedOpen, BreakerState::kForcedClosed,
                                        BreakerState::kClosed, BreakerState::kObserveOnly};
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  BreakerRequest request;
  if (const auto state = fields.word("state", kStates)) request.state = kMeanings[*state];
  if (!fields.any("state")) {
    fields.mistake("state", "is missing: forced_open, forced_closed, observe_only or auto");
  }
  request.duration = fields.time("for_ms");
  if (request.duration && request.state == BreakerState::kClosed && fields.any("state")) {
    fields.mistake("for_ms", "has no meaning with \"auto\", which ends an override");
  }
  request.reason = read_reason(fields);
  fields.refuse_unknown(kKnown);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

Result<std::string> decode_action(std::string_view body) {
  static constexpr std::array<std::string_view, 1> kKnown{"action"};
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  std::string action(fields.text("action").value_or(""));
  if (action.empty()) fields.mistake("action", "is missing: slow, stop, kill or recover");
  fields.refuse_unknown(kKnown);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return action;
}

Result<std::string> decode_reason(std::string_view body) {
  static constexpr std::array<std::string_view, 1> kKnown{"reason"};
  if (body.empty()) return std::string();
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  auto reason = read_reason(fields);
  fields.refuse_unknown(kKnown);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return reason;
}

}  // namespace sluice::json
