#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "gateway/client_quotas.h"
#include "gateway/in_flight.h"
#include "gateway/request_metrics.h"
#include "security/api_keys.h"
#include "sluice/result.h"

namespace sluice::gateway {

/// Leave to work on one request; given back when it is destroyed, on any thread.
class Admission {
 public:
  Admission() = default;
  Admission(InFlight& in_flight, ByteCharge body)
      : in_flight_(&in_flight), body_(std::move(body)) {}
  Admission(Admission&& other) noexcept;
  Admission& operator=(Admission&& other) noexcept;
  ~Admission();

 private:
  friend class Admissions;
  InFlight* in_flight_ = nullptr;
  ByteCharge body_;
  std::shared_ptr<ClientQuota> quota_;
};

/// Decides which statements the gateway works on: first what it may have under way as a whole, then
/// what the client may. Without limits it costs some nanoseconds; with them some atomic operations.
class Admissions {
 public:
  Admissions(InFlight& in_flight, RequestMetrics& metrics,
             const std::vector<base::EventLoop*>& workers)
      : in_flight_(in_flight), metrics_(metrics), quotas_(workers) {}

  struct Asking {
    const security::Principal& principal;
    std::string_view address;
    std::size_t body_bytes;
    base::TimePoint now;
  };
  /// On a worker's thread. `headers` gets what a limited client is told, as lines of an HTTP head.
  [[nodiscard]] Result<Admission> admit(const Asking& asking, std::string& headers);
  /// A request without good credentials: whether its address may try again so soon.
  [[nodiscard]] Status stranger(std::string_view address, const config::ClientLimits& limits,
                                base::TimePoint now);

 private:
  [[nodiscard]] Result<Admission> enter_gateway(std::size_t body_bytes);

  InFlight& in_flight_;
  RequestMetrics& metrics_;
  ClientQuotas quotas_;
};

}  // namespace sluice::gateway
