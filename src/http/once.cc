#include "http/once.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "gateway/idempotency.h"

namespace sluice::http {
namespace {

using gateway::OnceAnswer;
using Verdict = gateway::IdempotencyStore::Verdict;
constexpr std::string_view kHeader = "idempotency-key";
constexpr std::size_t kLongestKey = 255;

bool is_good(std::string_view key) {
  return !key.empty() && key.size() <= kLongestKey &&
         std::all_of(key.begin(), key.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

/// What is wrong with the key; null: nothing.
const char* mistake_in_key(const Request& request) {
  if (request.count_of_header(kHeader) > 1) return "Idempotency-Key must be given only once";
  if (is_good(request.header(kHeader))) return nullptr;
  return "Idempotency-Key must be 1 to 255 printable ASCII characters";
}

/// Nobody meets another's answers, or those of another route or database: an id may be given to
/// another one, whose answers they would not be.
std::string scoped_key(const ApiCall& call) {
  std::string key = call.principal->name;
  key.append(1, '\n').append(call.request().route);
  key.append(1, '\n').append(call.db_id());
  key.append(1, '\n').append(call.gateway.identity_of(call.db_id(), call.loop()));
  return key.append(1, '\n').append(call.request().header(kHeader));
}

void respond(const ApiCall& call, const OnceAnswer& answer, bool replayed) {
  if (replayed) call.exchange->add_header_lines("Idempotency-Replayed: true\r\n");
  if (answer.error) {
    auto problem = json::Problem::from(*answer.error);
    problem.failing_index = answer.failing_index;
    return call.respond(problem);
  }
  Response response;
  response.body = *answer.body;
  response.headers.emplace_back("Server-Timing", server_timing(call.auth, {}, {}));
  call.exchange->respond(std::move(response));
}

OnceAnswer to_keep(Result<gateway::QueryAnswer> answer, int failing_index) {
  if (!answer) return {nullptr, std::move(answer.error()), failing_index};
  return {std::make_shared<const std::string>(std::move(answer->body)), std::nullopt, -1};
}

json::Problem refusal(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOtherBody:
      return json::Problem::of(422, "idempotency_key_reused", "Idempotency key used before",
                               "this Idempotency-Key came with another body before; every request "
                               "needs a key of its own");
    case Verdict::kUnknown: {
      auto problem = json::Problem::of(
          409, "outcome_unknown", "Outcome unknown",
          "the request was begun before, and its answer was lost: look whether it was carried out, "
          "and send what is missing under a new Idempotency-Key");
      problem.error.outcome = Outcome::kUnknown;
      return problem;
    }
    case Verdict::kNotKept:
      return json::Problem::of(409, "already_done", "Done already",
                               "the request was carried out before; its answer was too large, or "
                               "too old, to be kept");
    default:
      break;
  }
  auto problem = json::Problem::of(
      503, "idempotency_store_full", "No room for another idempotency key",
      "no key can be forgotten within a day, and the memory for them is used up: raise "
      "server.idempotency_bytes, or send the request without a key");
  problem.error.retryable = true;
  return problem;
}

}  // namespace

void answer_once(const ApiCall& call, const std::function<void(OnceDone)>& run) {
  if (const char* mistake = mistake_in_key(call.request())) {
    return call.respond(invalid_request(mistake));
  }
  auto& store = call.gateway.once();
  const std::string key = scoped_key(call);
  const auto verdict = store.begin(
      {key, security::digest_of(call.request().body), call.loop(), call.request().received_at},
      [call](const OnceAnswer& answer) { respond(call, answer, true); });
  if (verdict == Verdict::kWait || verdict == Verdict::kAnswered) return;
  if (verdict != Verdict::kRun) return call.respond(refusal(verdict));
  run([call, key, &store](Result<gateway::QueryAnswer> result, int failing_index) {
    if (result) {
      call.gateway.request_metrics().record_stages({call.auth, result->timings, result->encode});
    }
    const OnceAnswer answer = to_keep(std::move(result), failing_index);
    store.finish(key, answer, call.loop().now());
    respond(call, answer, false);
  });
}

}  // namespace sluice::http
