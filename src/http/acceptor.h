#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/event_loop.h"
#include "base/timer.h"
#include "http/listener.h"

namespace sluice::http {

/// A connection on its way from the listener to its worker. Closes the socket if it never arrives.
class NewConnection {
 public:
  NewConnection(int fd, std::string client) : fd_(fd), client_(std::move(client)) {}
  ~NewConnection();
  NewConnection(const NewConnection&) = delete;
  NewConnection& operator=(const NewConnection&) = delete;

  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  [[nodiscard]] const std::string& client() const { return client_; }
  bool turn_away = false;  ///< there is no room: it is only told so

 private:
  int fd_;
  const std::string client_;
};

/// Takes connections from the listener on one worker's loop, and gives each to `hand_over`. Never
/// spins: when the process has no descriptor left, connections are told so and closed by means of
/// the listener's spare one, and failing even that it rests for a moment.
class Acceptor final : public base::FdWatcher {
 public:
  using HandOver = std::function<void(std::shared_ptr<NewConnection>)>;

  Acceptor(base::EventLoop& loop, Listener& listener, HandOver hand_over);
  ~Acceptor() override;

  // All on the loop's thread:
  void start();
  /// Lets nobody new in, still takes those whom the kernel has accepted, closes the listener, and
  /// calls `closed`.
  void finish(std::function<void()> closed);
  /// Closes the listener at once.
  void close();

  void on_ready(bool readable, bool writable) override;

 private:
  void accept_all();
  void rest();
  void on_time();
  void unwatch();

  base::EventLoop& loop_;
  Listener& listener_;
  const HandOver hand_over_;
  bool watching_ = false;
  bool finishing_ = false;
  std::function<void()> closed_;
  base::Timer timer_;  // the end of a rest, or of `finish`
};

}  // namespace sluice::http
