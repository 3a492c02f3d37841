#include "http/acceptor.h"

#include <unistd.h>

#include <chrono>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

constexpr auto kRest = 100ms;
/// For handshakes that had begun when the listener stopped.
constexpr auto kHandshakeTime = 100ms;
constexpr int kMaxPerTurn = 256;

}  // namespace

NewConnection::~NewConnection() {
  if (fd_ >= 0) ::close(fd_);
}

Acceptor::Acceptor(base::EventLoop& loop, Listener& listener, HandOver hand_over)
    : loop_(loop),
      listener_(listener),
      hand_over_(std::move(hand_over)),
      timer_(loop.timers(), [this] { on_time(); }) {}

Acceptor::~Acceptor() = default;

void Acceptor::start() {
  loop_.watch(listener_.fd(), base::Interest::kRead, *this);
  watching_ = true;
}

void Acceptor::on_ready(bool /*readable*/, bool /*writable*/) { accept_all(); }

void Acceptor::accept_all() {
  for (int taken = 0; finishing_ || taken < kMaxPerTurn; ++taken) {
    Listener::Accepted accepted = listener_.accept();
    switch (accepted.kind) {
      case Listener::Accepted::Kind::kNone:
        return;
      case Listener::Accepted::Kind::kExhausted:
        return rest();
      case Listener::Accepted::Kind::kRefusedOne:
        continue;
      case Listener::Accepted::Kind::kConnection:
        break;
    }
    hand_over_(std::make_shared<NewConnection>(accepted.fd, std::move(accepted.client)));
  }
}

void Acceptor::rest() {
  if (finishing_) return;
  unwatch();
  timer_.arm(loop_.now() + kRest);
}

void Acceptor::finish(std::function<void()> closed) {
  finishing_ = true;
  closed_ = std::move(closed);
  listener_.stop_new_connections();
  unwatch();
  accept_all();
  timer_.arm(loop_.now() + kHandshakeTime);
}

void Acceptor::on_time() {
  if (!finishing_) return start();
  accept_all();
  close();
}

void Acceptor::close() {
  timer_.disarm();
  unwatch();
  listener_.close();
  if (const auto closed = std::exchange(closed_, nullptr)) closed();
}

void Acceptor::unwatch() {
  if (!std::exchange(watching_, false)) return;
  loop_.unwatch(listener_.fd());
}

}  // namespace sluice::http
