#pragma once

#include <pistache/http_defs.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/event_loop.h"
#include "gateway/admission.h"
#include "manager/live_call.h"

namespace sluice::http {

/// A complete request, checked and decoded.
struct Request {
  Pistache::Http::Method method = Pistache::Http::Method::Get;
  int version_minor = 1;  ///< HTTP/1.0 or 1.1
  std::string path;       ///< percent-decoded, without the query string
  std::multimap<std::string, std::string> parameters;        ///< of the query string, decoded
  std::map<std::string, std::string> path_parameters;        ///< "db_id" → value, decoded
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  std::string client;      ///< address of the peer, for logs
  std::string request_id;  ///< the caller's X-Request-Id if it is sane, or a new one
  std::string route;       ///< the pattern that matched, "/query/:db_id"; for logs and metrics
  /// No web page has sent it, or one that may do what its visitor may.
  bool from_trusted_page = true;
  std::chrono::steady_clock::time_point received_at;

  /// The header's value, or empty. `name` in lower case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  /// How often a header of that name was sent, empty ones too. `name` in lower case.
  [[nodiscard]] std::ptrdiff_t count_of_header(std::string_view name) const;
  [[nodiscard]] std::string_view parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  ///< further ones
  gateway::ByteCharge charge;  ///< the memory of `body`, until it is sent
};

/// What became of a client before the end of its answer.
enum class Departure {
  kNone,
  kLeft,
  kGivenUp,  ///< it did not read, and was not waited for any longer
};

/// One request and the way to answer it. Lives on its connection's worker thread, until answered.
class Exchange {
 public:
  virtual ~Exchange() = default;
  [[nodiscard]] virtual const Request& request() const = 0;
  [[nodiscard]] virtual base::EventLoop& loop() const = 0;
  /// Says who is asking: the name of their key, and whether they may be told of other clients'
  /// statements.
  virtual void identify(std::string actor, bool sees_others) = 0;
  /// Says which database it is about, where the path does not.
  virtual void concern(std::string db_id) = 0;
  /// Who asks, as far as it is known; valid as long as the exchange.
  [[nodiscard]] virtual const manager::Origin& origin() const = 0;
  /// The gateway works on it: keeps the leave to do so until it is answered and let go of.
  virtual void admit(gateway::Admission admission) = 0;
  /// Lines for the head of the answer, whatever it will be, each with its CR LF.
  virtual void add_header_lines(std::string_view lines) = 0;
  /// Answers; exactly once, on the worker's thread, now or later. Answers of pipelined requests
  /// wait for their turn. When the client has gone it is dropped. A 304 comes with the body that it
  /// saves, which is not sent but says what its head has to be.
  virtual void respond(Response response) = 0;
  /// Calls `gone` once if the client leaves before the answer, or before the end of its body.
  /// Replaces an earlier function; not called any more after `respond`, `finish` or `break_off`.
  virtual void on_client_gone(std::function<void()> gone) = 0;
  [[nodiscard]] virtual Departure departure() const = 0;

  /// Instead of `respond`: begins an answer whose body follows in pieces, through `write`, until
  /// `finish` or `break_off`. `head.body` is not used.
  virtual void begin(Response head) = 0;
  /// Adds to the body. False: the client has yet to take what there is; wait until `drained`, which
  /// is then called once, before more is written. What was on its way already may still be written,
  /// and is answered with false, too.
  virtual bool write(std::string_view piece) = 0;
  virtual void on_drained(std::function<void()> drained) = 0;
  /// The body is complete.
  virtual void finish() = 0;
  /// The body stays incomplete, and the client is made to see that: what was written is still sent,
  /// then the connection is closed.
  virtual void break_off() = 0;
};

/// Answers requests. Must answer every exchange sooner or later, and must not block.
using Handler = std::function<void(std::shared_ptr<Exchange>)>;

}  // namespace sluice::http
