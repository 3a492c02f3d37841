#include "manager/client_sessions.h"

#include <charconv>
#include <utility>

namespace sluice::manager {
namespace {

/// Takes as long wherever they differ.
bool same_proof(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

std::string in_hex(std::uint64_t number) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
  return {digits.begin(), end};
}

std::string explanation_of(SessionEnd why) {
  switch (why) {
    case SessionEnd::kIdle:
      return "nothing ran on it for its idle timeout";
    case SessionEnd::kExpired:
      return "it reached its longest duration";
    case SessionEnd::kKilled:
      return "an operator ended it";
    case SessionEnd::kLost:
      return "its connection was lost";
    case SessionEnd::kDrained:
      return "the database is drained or closed";
    case SessionEnd::kBreaker:
      return "the circuit breaker refuses calls";
    case SessionEnd::kClosed:
      break;
  }
  return "its owner closed it";
}

}  // namespace

std::optional<Error> ClientSessions::refusal(const SessionLimits& limits) const {
  const auto most = static_cast<std::size_t>(limits.max_per_database);
  if (sessions_.size() < most) return std::nullopt;
  return Error{
      .code = ErrorCode::kTooManySessions,
      .message =
          "the database has " + std::to_string(sessions_.size()) +
          " interactive sessions, and may have " + std::to_string(most) +
          " (sessions.max_per_database, and one less than pool.max_size); close one, or come "
          "back when one has ended",
      .retryable = most > 0};
}

void ClientSessions::open(SessionUse& use, pool::Lease lease) {
  use.id = std::to_string(dependencies_.number) + "-" + in_hex(dependencies_.random());
  ++opened_;
  sessions_.insert_or_assign(
      use.id, std::make_shared<ClientSession>(*this, dependencies_.loop, use, std::move(lease)));
}

std::shared_ptr<ClientSession> ClientSessions::find(const std::string& id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<ClientSession> ClientSessions::find(const std::string& id,
                                                    const std::string& proof) const {
  auto session = find(id);
  return session && same_proof(session->use().proof, proof) ? session : nullptr;
}

void ClientSessions::end_all(SessionEnd why) {
  const auto before = sessions_;
  for (const auto& [id, session] : before) session->end(why);
}

void ClientSessions::ended(const ClientSession& session, SessionEnd why) {
  ++ended_[static_cast<std::size_t>(why)];
  const std::string id = session.use().id;
  if (why != SessionEnd::kClosed) {
    dependencies_.observer.on_session_ended({dependencies_.db_id, id, session.use().actor,
                                             std::string(to_string(why)), explanation_of(why)});
  }
  sessions_.erase(id);
}

SessionStats ClientSessions::stats() const {
  SessionStats stats;
  for (const auto& [id, session] : sessions_) {
    const auto state = session->look().state;
    ++stats.open;
    stats.running += state == "running" ? 1 : 0;
    stats.in_transaction += state == "in_transaction" ? 1 : 0;
  }
  stats.opened = opened_;
  for (std::size_t i = 0; i < kSessionEnds; ++i) {
    stats.ended[std::string(to_string(static_cast<SessionEnd>(i)))] = ended_[i];
  }
  return stats;
}

std::optional<std::size_t> shard_of_session(std::string_view id) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool good = error == std::errc() && end != id.data() + id.size() && *end == '-';
  return good ? std::optional(number) : std::nullopt;
}

}  // namespace sluice::manager
