#include "gateway/admission.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace sluice::gateway {
namespace {

using config::ClientLimits;
using metrics::Overload;
using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = ClientQuota::Verdict;

constexpr milliseconds kComeBackAfter{1'000};

Error refusal(ErrorCode code, std::string message, milliseconds retry_after) {
  return {.code = code,
          .message = std::move(message),
          .fault = Fault::kOverload,
          .retryable = true,
          .retry_after = retry_after};
}

Error too_much_in_flight(std::int64_t limit) {
  return refusal(ErrorCode::kOverloaded,
                 fmt::format("the gateway has {} statements under way, as many as "
                             "server.max_in_flight allows; nothing was sent to a database",
                             limit),
                 kComeBackAfter);
}

Error too_many_bytes(std::int64_t limit) {
  return refusal(ErrorCode::kOverloaded,
                 fmt::format("the statements and results under way need all of the {} bytes that "
                             "server.max_in_flight_bytes allows; nothing was sent to a database",
                             limit),
                 kComeBackAfter);
}

Error too_fast(std::string_view client, const ClientLimits& limits,
               const ClientQuota::Decision& decision) {
  return refusal(
      ErrorCode::kTooManyRequests,
      fmt::format(
          "{} may send {} statements per second, {} at once; nothing was sent to a database",
          client, limits.requests_per_second, burst_of(limits)),
      ceil<milliseconds>(decision.retry_after));
}

Error too_many_at_once(std::string_view client, const ClientLimits& limits) {
  return refusal(ErrorCode::kTooManyRequests,
                 fmt::format("{} has {} statements under way, as many as it may; nothing was sent "
                             "to a database",
                             client, limits.concurrent),
                 kComeBackAfter);
}

bool limited(const ClientLimits& limits) {
  return limits.requests_per_second > 0 || limits.concurrent > 0;
}

/// RateLimit fields (draft-ietf-httpapi-ratelimit-headers): the bucket's size and how long it takes
/// to fill, what is left and when all of it will be there.
void tell(const ClientLimits& limits, const ClientQuota::Decision& decision, std::string& headers) {
  std::string policy;
  if (limits.requests_per_second > 0) {
    const auto window =
        (burst_of(limits) + limits.requests_per_second - 1) / limits.requests_per_second;
    policy = fmt::format("\"rate\";q={};w={}", burst_of(limits), window);
  }
  if (limits.concurrent > 0) {
    policy += fmt::format("{}\"concurrent\";q={};qu=\"concurrent-requests\"",
                          policy.empty() ? "" : ", ", limits.concurrent);
  }
  headers += "RateLimit-Policy: " + policy + "\r\n";
  const bool measured =
      limits.requests_per_second > 0 && decision.verdict != Verdict::kTooManyAtOnce;
  if (!measured) return;
  headers += fmt::format("RateLimit: \"rate\";r={};t={}\r\n", decision.left,
                         ceil<seconds>(decision.full_in).count());
}

}  // namespace

Admission::Admission(Admission&& other) noexcept
    : in_flight_(std::exchange(other.in_flight_, nullptr)),
      body_(std::move(other.body_)),
      quota_(std::move(other.quota_)) {}

Admission& Admission::operator=(Admission&& other) noexcept {
  std::swap(in_flight_, other.in_flight_);
  std::swap(body_, other.body_);
  std::swap(quota_, other.quota_);
  return *this;
}

Admission::~Admission() {
  if (in_flight_) in_flight_->remove_request();
  if (quota_) quota_->leave();
}

Result<Admission> Admissions::enter_gateway(std::size_t body_bytes) {
  const auto& limits = in_flight_.limits();
  if (!in_flight_.add_request()) {
    metrics_.count_overload(Overload::kInFlight);
    return fail(too_much_in_flight(limits.requests));
  }
  Admission admission(in_flight_, ByteCharge(in_flight_));
  if (admission.body_.add(static_cast<std::int64_t>(body_bytes))) return admission;
  metrics_.count_overload(Overload::kBytes);
  return fail(too_many_bytes(limits.bytes));
}

Result<Admission> Admissions::admit(const Asking& asking, std::string& headers) {
  auto admission = enter_gateway(asking.body_bytes);
  const auto& client = asking.principal;
  if (!admission || !limited(client.limits)) return admission;
  auto quota = client.by_address ? quotas_.of_address(asking.address, client.limits, asking.now)
                                 : quotas_.of_key(client.name, asking.now);
  const auto decision = quota->enter(client.limits, asking.now);
  tell(client.limits, decision, headers);
  if (decision.verdict == Verdict::kAdmitted) {
    admission->quota_ = std::move(quota);
    return admission;
  }
  const auto name = client.by_address ? fmt::format("the client {}", asking.address)
                                      : fmt::format("the key \"{}\"", client.name);
  const bool fast = decision.verdict == Verdict::kTooFast;
  metrics_.count_overload(fast ? Overload::kRate : Overload::kConcurrent);
  return fail(fast ? too_fast(name, client.limits, decision)
                   : too_many_at_once(name, client.limits));
}

Status Admissions::stranger(std::string_view address, const ClientLimits& limits,
                            base::TimePoint now) {
  if (limits.requests_per_second == 0) return {};
  const auto quota = quotas_.of_address(address, limits, now);
  const auto decision = quota->enter(limits, now);
  if (decision.verdict == Verdict::kAdmitted) return quota->leave(), Status{};
  metrics_.count_overload(Overload::kRate);
  return fail(too_fast(fmt::format("the client {}", address), limits, decision));
}

}  // namespace sluice::gateway
