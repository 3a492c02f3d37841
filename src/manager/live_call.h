#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::manager {

/// Who makes calls where no keys are asked for.
inline constexpr std::string_view kAnonymous = "anonymous";

/// Who makes a call, for those who watch. Views: whoever makes it keeps what they point to.
struct Origin {
  std::string_view actor;       ///< the name of the caller's key, or kAnonymous
  std::string_view client;      ///< its address
  std::string_view request_id;  ///< of the request it came with
  /// The request's W3C traceparent, "00-<trace id>-<parent id>-<flags>"; empty: none, or a bad one.
  std::string_view traceparent;
  bool sees_others = false;  ///< may be told of other clients' statements, as operators may
};

/// The address alone, of "192.0.2.1:5432" or "[2001:db8::1]:5432": a client has many connections.
[[nodiscard]] inline std::string_view address_of(std::string_view client) {
  if (client.starts_with('[')) return client.substr(1, client.find(']') - 1);
  const auto colon = client.find(':');
  return colon == client.rfind(':') ? client.substr(0, colon) : client;
}

/// What tells one client from another: its key's name, or its address where there are no keys.
[[nodiscard]] inline std::string_view client_name(const Origin& origin) {
  return origin.actor.empty() || origin.actor == kAnonymous ? address_of(origin.client)
                                                            : origin.actor;
}

/// What its part of a pool is known by. A hash is enough: who shares it with another shares its
/// part of the pool, too.
[[nodiscard]] inline std::size_t client_id(const Origin* origin) {
  return origin ? std::hash<std::string_view>{}(client_name(*origin)) : 0;
}

/// Who wants to know about others.
struct Asker {
  std::size_t client = 0;  ///< client_id
  bool sees_others = false;
  [[nodiscard]] bool may_see(std::size_t other) const { return sees_others || other == client; }
};

/// The trace id of a traceparent, or nothing.
[[nodiscard]] inline std::string_view trace_id(std::string_view traceparent) {
  constexpr std::size_t kStart = 3;
  constexpr std::size_t kLength = 32;
  return traceparent.empty() ? traceparent : traceparent.substr(kStart, kLength);
}

/// A call that is under way, as an operator sees it.
struct LiveCall {
  static constexpr std::size_t kLongestSql = 8'000;
  enum class Phase {
    kQueued,  ///< it waits for a connection
    kRunning,
    kPaused,  ///< a stream that waits for its reader
  };

  std::string id;            ///< "w0-123", to cancel it by
  std::uint64_t number = 0;  ///< of its worker's calls
  std::string db_id;
  std::string sql;  ///< the beginning; of a transaction, the statement that runs
  Phase phase = Phase::kQueued;
  std::chrono::microseconds elapsed{0};
  std::chrono::microseconds queued{0};
  bool read_only = false;
  std::string actor;  ///< empty, as the next two, for calls of the process itself
  std::string client;
  std::string request_id;
};

[[nodiscard]] constexpr std::string_view to_string(LiveCall::Phase phase) {
  constexpr std::array<std::string_view, 3> kWords{"queued", "running", "paused"};
  return kWords[static_cast<std::size_t>(phase)];
}

}  // namespace sluice::manager
