#include "postgres/canceller.h"

#include <array>
#include <string_view>
#include <utility>

namespace sluice::postgres {

namespace {

/// What libpq says when it has no descriptor to ask the server with.
constexpr std::string_view kNoSocket = "PQcancel() -- socket() failed";

}  // namespace

bool Canceller::cancel(CancelPtr request, const Share& share, ReturnTicket::Stub back,
                       Returned returned) {
  if (!request) return false;
  if (share->fetch_add(1) >= most_per_share_) {
    share->fetch_sub(1);
    return false;
  }
  const std::shared_ptr<PGcancel> kept = std::move(request);
  const bool accepted =
      threads_.try_run([kept, share, back = std::move(back), returned = std::move(returned)] {
        std::array<char, 256> why{};
        // A request that fails is like one that came too late: what runs ends by itself, or is
        // abandoned when its time is over.
        (void)PQcancel(kept.get(), why.data(), static_cast<int>(why.size()));
        share->fetch_sub(1);
        const bool could_be_sent = !std::string_view(why.data()).starts_with(kNoSocket);
        back.deliver([returned, could_be_sent] { returned(could_be_sent); });
      });
  if (!accepted) share->fetch_sub(1);
  return accepted;
}

}  // namespace sluice::postgres
