#include "gateway/chaos.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <memory>

#include "base/timer.h"
#include "json/fields.h"
#include "json/writer.h"

namespace sluice::gateway {
namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::size_t kLongestReply = 4'096;

Error no_chaos(std::string message) {
  return {.code = ErrorCode::kInternal, .message = std::move(message)};
}

/// -1: nobody listens there.
int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::ranges::copy(path, address.sun_path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  // A Unix socket connects at once or not at all.
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

Result<std::string> read_reply(std::string_view reply) {
  const auto document = json::parse_body(reply);
  if (!document) return fail(no_chaos("the demo's control process answered nonsense"));
  json::Mistakes mistakes;
  json::Fields fields(document->root(), {}, mistakes);
  std::string message(fields.text("message").value_or(""));
  if (fields.boolean("ok").value_or(false)) return message;
  return fail(invalid_request(message, {{"action", message}}));
}

/// One order and its reply. Keeps itself alive until `done`.
class Conversation final : public base::FdWatcher {
 public:
  using Done = std::function<void(Result<std::string>)>;
  Conversation(int fd, base::EventLoop& loop, Done done)
      : fd_(fd), loop_(loop), timer_(loop.timers(), [this] { end(); }), done_(std::move(done)) {}
  ~Conversation() override { ::close(fd_); }

  static void start(std::shared_ptr<Conversation> self, const std::string& order) {
    Conversation& it = *self;
    it.self_ = std::move(self);
    it.loop_.watch(it.fd_, base::Interest::kRead, it);
    it.timer_.arm(it.loop_.now() + kPatience);
    // A line fits into any socket's buffer; if it does not go out, no reply comes in time.
    if (::send(it.fd_, order.data(), order.size(), MSG_NOSIGNAL) < 0) it.end();
  }

  void on_ready(bool, bool) override {
    std::array<char, 1'024> part;
    const auto count = ::recv(fd_, part.data(), part.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count > 0) reply_.append(part.data(), static_cast<std::size_t>(count));
    if (count <= 0 || reply_.ends_with('\n') || reply_.size() > kLongestReply) end();
  }

 private:
  void end() {
    const auto self = std::move(self_);
    timer_.disarm();
    loop_.unwatch(fd_);
    if (reply_.empty()) return done_(fail(no_chaos("the demo's control process did not answer")));
    done_(read_reply(reply_));
  }

  const int fd_;
  base::EventLoop& loop_;
  base::Timer timer_;
  std::string reply_;
  Done done_;
  std::shared_ptr<Conversation> self_;
};

}  // namespace

void Chaos::order(const std::string& db_id, const std::string& action, base::EventLoop& loop,
                  std::function<void(Result<std::string>)> done) const {
  const int fd = connect_to(socket_);
  if (fd < 0) return done(fail(no_chaos("the demo's control process is not there")));
  json::Writer writer;
  writer.begin_object().field("db_id", db_id).field("action", action).end_object();
  Conversation::start(std::make_shared<Conversation>(fd, loop, std::move(done)),
                      writer.take() + "\n");
}

}  // namespace sluice::gateway
