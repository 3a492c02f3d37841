#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/timer.h"
#include "http/http_connection.h"
#include "simulation/verdict.h"

namespace sluice::simulation {

/// What a client wants, and how it will know that it got it.
struct WireRequest {
  enum class Kind { kNdjson, kCsv, kJson, kAny };
  Kind kind = Kind::kAny;
  std::string bytes;  ///< as they are sent
  std::string sql;    ///< empty: how many rows there are does not matter
  bool http_1_0 = false;
};

/// One HTTP answer as it was received.
struct WireAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< neither chunked nor compressed any more
  bool complete = false;
};

/// Takes a connection's bytes apart. `closed`: nothing more will come.
[[nodiscard]] std::vector<WireAnswer> answers_in(std::string_view received, bool closed);

/// The other end of one connection. What it does it does on the connection's own loop.
class WireClient {
 public:
  /// How it reads when there is something: after a while, so much.
  struct Reading {
    base::Duration after{};
    std::size_t bytes = 0;
  };
  /// Without a habit it reads when it is told to.
  using Habit = std::function<Reading()>;
  WireClient(Verdict& verdict, Habit habit) : verdict_(verdict), habit_(std::move(habit)) {}

  void open(http::ConnectionContext& context);
  void send(WireRequest request, std::size_t bytes_at_first);
  void send_the_rest();
  void take(std::size_t bytes);
  void take_everything() { take(kEverything); }
  void leave();
  void finish_sending();
  void drain();
  void abort();

  [[nodiscard]] bool gone() const { return left_ || closed_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool may_send() const { return !gone() && !finished_; }
  /// Every request that it sent whole was answered as it should have been, if it stayed.
  void check(const std::map<std::string, std::size_t>& rows_of, bool drained) const;

 private:
  static constexpr std::size_t kEverything = static_cast<std::size_t>(1) << 40;
  class Stream;

  void tell(http::Readiness readiness);
  void read_on();
  void check_answer(const WireRequest& request, const WireAnswer& answer,
                    const std::map<std::string, std::size_t>& rows_of) const;

  Verdict& verdict_;
  const Habit habit_;
  base::EventLoop* loop_ = nullptr;
  std::optional<base::Timer> reading_;
  std::vector<WireRequest> sent_;
  std::string unsent_;           // of the last request
  std::string to_server_;        // sent, and not read yet
  std::size_t takes_ = 100'000;  // bytes until writes would block
  std::string received_;
  bool finished_ = false;
  bool left_ = false;
  bool closed_ = false;
  bool stuck_ = false;  // a write found no room
  std::shared_ptr<http::HttpConnection> connection_;
};

}  // namespace sluice::simulation
