#include <array>
#include <string_view>

#include "json/document.h"
#include "json/fields.h"
#include "json/requests.h"

namespace sluice::json {

Result<SessionRequest> decode_session(std::string_view body) {
  static constexpr std::array<std::string_view, 3> kKnown{"timeout_ms", "idle_timeout_ms",
                                                          "max_duration_ms"};
  SessionRequest request;
  if (body.empty()) return request;
  const Result<Document> document = parse_body(body);
  if (!document) return fail(document.error());
  Mistakes mistakes;
  mistakes.add(document->mistakes());
  Fields fields(document->root(), {}, mistakes);
  request.timeout = fields.time("timeout_ms");
  request.idle_timeout = fields.time("idle_timeout_ms");
  request.max_duration = fields.time("max_duration_ms");
  fields.refuse_unknown(kKnown);
  if (!mistakes.empty()) return fail(mistakes.to_error());
  return request;
}

}  // namespace sluice::json
