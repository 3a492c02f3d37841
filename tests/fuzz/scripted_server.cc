#include "fuzz/scripted_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "fuzz/fuzz.h"

namespace sluice::fuzz {
namespace {

constexpr int kWaitMs = 1;

std::string socket_of(const std::string& directory) { return directory + "/.s.PGSQL.5432"; }

}  // namespace

ScriptedServer::ScriptedServer() {
  std::string pattern = "/tmp/sluice-fuzz-XXXXXX";
  require(::mkdtemp(pattern.data()) != nullptr, "a directory can be made");
  directory_ = pattern;
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_of(directory_).c_str(), sizeof(address.sun_path) - 1);
  const bool listens =
      ::bind(listening_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 &&
      ::listen(listening_, 16) == 0;
  require(listens, "a Unix socket can be listened on", directory_);
}

ScriptedServer::~ScriptedServer() {
  hang_up();
  ::close(listening_);
  ::unlink(socket_of(directory_).c_str());
  ::rmdir(directory_.c_str());
}

void ScriptedServer::begin(std::vector<std::string_view> lines) {
  hang_up();
  // Cancel requests of the last client, for instance.
  for (int late = 0; (late = ::accept(listening_, nullptr, nullptr)) >= 0;) ::close(late);
  lines_ = std::move(lines);
  next_ = 0;
  unsaid_ = {};
  over_ = false;
}

void ScriptedServer::turn(int also_readable) {
  const short wanted = unsaid_.empty() ? POLLIN : POLLIN | POLLOUT;
  std::array<pollfd, 3> ready{
      {{listening_, POLLIN, 0}, {client_, wanted, 0}, {also_readable, POLLIN, 0}}};
  // Both sides live in this thread: if nothing can be done now, only the next line changes that.
  const int patience = client_ >= 0 ? 0 : kWaitMs;
  if (::poll(ready.data(), ready.size(), patience) == 0 && client_ >= 0) take_the_next_line();
  if (ready[0].revents != 0) accept_client();
  if (client_ >= 0 && ready[1].revents != 0) listen_and_answer();
}

/// Only one is served; others, who want to cancel something, are let in and left alone.
void ScriptedServer::accept_client() {
  const int client = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (client < 0) return;
  if (client_ >= 0 || over_) {
    ::close(client);
  } else {
    client_ = client;
  }
}

void ScriptedServer::listen_and_answer() {
  std::array<char, 65536> heard{};
  const ssize_t size = ::read(client_, heard.data(), heard.size());
  if (size == 0 || (size < 0 && errno != EAGAIN)) return hang_up();
  if (size > 0 && unsaid_.empty()) return take_the_next_line();
  say();
}

void ScriptedServer::take_the_next_line() {
  if (next_ == lines_.size()) return hang_up();
  unsaid_ = lines_[next_++];
  say();
}

void ScriptedServer::say() {
  while (!unsaid_.empty()) {
    const ssize_t said = ::send(client_, unsaid_.data(), unsaid_.size(), MSG_NOSIGNAL);
    if (said < 0) return errno == EAGAIN ? void() : hang_up();
    unsaid_.remove_prefix(static_cast<std::size_t>(said));
  }
  if (next_ == lines_.size()) hang_up();
}

void ScriptedServer::hang_up() {
  if (client_ >= 0) ::close(client_);
  client_ = -1;
  over_ = true;
}

}  // namespace sluice::fuzz
