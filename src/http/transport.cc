#include "http/transport.h"

#include <sys/socket.h>
#include <unistd.h>

#include <latch>
#include <limits>
#include <random>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "http/socket_stream.h"

namespace sluice::http {
namespace {

namespace Polling = Pistache::Polling;
using Polling::NotifyOn;

constexpr std::uint64_t kLoopTag = std::uint64_t{1} << 63;
constexpr std::uint32_t kGenerationMask = 0x3fffffff;

/// Connections over the limit that are told so by the usual way, and have time to read it. Beyond
/// them, it is one `send` and goodbye.
constexpr int kTurnedAwayAtOnce = 64;

std::uint64_t tag_of(std::uint32_t slot, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | slot;
}

Readiness readiness_of(const Pistache::Aio::FdSet::Entry& entry) {
  // Only this kind of cast reaches the event inside the entry, which has no accessor for the end of
  // input; without it, every read would need another one to see whether an end follows.
  const auto& event = (const Polling::Event&)entry;
  Readiness readiness;
  readiness.readable = entry.isReadable();
  readiness.writable = entry.isWritable();
  readiness.peer_finished = event.flags.hasFlag(NotifyOn::Shutdown);
  readiness.broken = entry.isHangup();
  return readiness;
}

base::Random seeded() {
  std::random_device entropy;
  std::seed_seq seed{entropy(), entropy(), entropy(), entropy(), entropy(), entropy()};
  return base::Random(seed);
}

void say_goodbye(int fd) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n"
      "Retry-After: 1\r\n\r\n";
  [[maybe_unused]] const auto sent =
      ::send(fd, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

Worker::Worker(const WorkerEnvironment& environment, base::EpollLoop& loop)
    : loop_(loop),
      context_{.loop = loop,
               .options = environment.options,
               .dispatcher = environment.dispatcher,
               .access_log = environment.access_log,
               .busy_connections = environment.busy_connections,
               .random = seeded()} {}

Worker::~Worker() = default;

std::shared_ptr<Pistache::Aio::Handler> Worker::clone() const {
  throw std::logic_error("a worker has its own loop and is never copied");
}

void Worker::registerPoller(Polling::Epoll& poller) {
  poller.addFd(loop_.fd(), Pistache::Flags<NotifyOn>(NotifyOn::Read), Polling::Tag(kLoopTag));
}

void Worker::onReady(const Pistache::Aio::FdSet& events) {
  if (!std::exchange(thread_adopted_, true)) loop_.adopt_current_thread();
  loop_.begin_turn();
  bool loop_is_ready = false;
  for (const auto& event : events) {
    const std::uint64_t tag = event.getTag().value();
    if (tag == kLoopTag) {
      loop_is_ready = true;
    } else {
      serve(tag, readiness_of(event));
    }
  }
  loop_is_ready ? loop_.run_ready() : loop_.end_turn();
}

void Worker::serve(std::uint64_t tag, Readiness readiness) {
  const auto index = static_cast<std::uint32_t>(tag);
  if (index >= slots_.size() || tag_of(index, slots_[index].generation) != tag) return;
  const auto connection = slots_[index].connection;
  if (connection) connection->on_ready(readiness);
}

void Worker::adopt(NewConnection& connection) {
  const std::uint32_t index = free_slot();
  Slot& slot = slots_[index];
  slot.fd = connection.release();
  auto stream = std::make_unique<SocketStream>(slot.fd, [this, index] { release(index); });
  slot.connection =
      std::make_shared<HttpConnection>(context_, std::move(stream), connection.client());
  const auto http = slot.connection;
  // Edge-triggered and for both directions, so that nothing need be changed ever after.
  reactor()->registerFd(key(), slot.fd, NotifyOn::Read | NotifyOn::Write | NotifyOn::Shutdown,
                        Polling::Tag(tag_of(index, slot.generation)), Polling::Mode::Edge);
  if (connection.turn_away) return http->turn_away();
  http->open();
}

std::uint32_t Worker::free_slot() {
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  return index;
}

void Worker::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  ::close(std::exchange(slot.fd, -1));  // which also takes it from the poller
  slot.connection.reset();
  slot.generation = (slot.generation + 1) & kGenerationMask;
  if (slot.generation == 0) slot.generation = 1;
  free_.push_back(index);
  --connection_count_;
}

std::vector<std::shared_ptr<HttpConnection>> Worker::connections() const {
  std::vector<std::shared_ptr<HttpConnection>> all;
  for (const Slot& slot : slots_) {
    if (slot.connection) all.push_back(slot.connection);
  }
  return all;
}

void Worker::drain() {
  context_.draining = true;
  for (const auto& connection : connections()) connection->drain();
}

void Worker::abort_all() {
  context_.draining = true;
  for (const auto& connection : connections()) connection->abort();
}

namespace {

/// Gives the reactor our workers when it asks for one clone per thread, which it does in order.
class WorkerPrototype final : public Pistache::Aio::Handler {
 public:
  explicit WorkerPrototype(const std::vector<std::shared_ptr<Worker>>& workers)
      : workers_(workers) {}

  [[nodiscard]] std::shared_ptr<Pistache::Aio::Handler> clone() const override {
    return workers_.at(next_++);
  }
  void registerPoller(Polling::Epoll& /*poller*/) override {}
  void onReady(const Pistache::Aio::FdSet& /*events*/) override {}

 private:
  const std::vector<std::shared_ptr<Worker>>& workers_;
  mutable std::size_t next_ = 0;
};

}  // namespace

Workers::Workers(const WorkerEnvironment& environment, Listener& listener)
    : environment_(environment),
      acceptor_(
          *environment.loops.front(), listener,
          [this](std::shared_ptr<NewConnection> connection) { hand_over(std::move(connection)); }) {
  for (const auto& loop : environment_.loops) {
    workers_.push_back(std::make_shared<Worker>(environment_, *loop));
  }
}

Workers::~Workers() { stop(); }

void Workers::start() {
  reactor_ = Pistache::Aio::Reactor::create();
  try {
    reactor_->init(Pistache::Aio::AsyncContext(workers_.size(), "sluice-worker"));
    reactor_->addHandler(std::make_shared<WorkerPrototype>(workers_));
    reactor_->run();
  } catch (...) {
    reactor_->shutdown();
    reactor_.reset();  // no loop will ever run: `stop` must not wait for them
    throw;
  }
}

void Workers::start_accepting() {
  environment_.loops.front()->post([this] { acceptor_.start(); });
}

void Workers::hand_over(std::shared_ptr<NewConnection> connection) {
  int total = 0;
  for (const auto& worker : workers_) total += worker->connection_count();
  if (total >= environment_.options.max_connections + kTurnedAwayAtOnce) {
    const int fd = connection->release();
    say_goodbye(fd);
    ::close(fd);
    return;
  }
  connection->turn_away = total >= environment_.options.max_connections;
  const std::size_t index = least_loaded();
  ++workers_[index]->connection_count();
  Worker* const worker = workers_[index].get();
  if (environment_.loops[index]->is_current()) return worker->adopt(*connection);
  environment_.loops[index]->post([worker, connection] { worker->adopt(*connection); });
}

std::size_t Workers::least_loaded() {
  std::size_t best = next_;
  int least = std::numeric_limits<int>::max();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const std::size_t index = (next_ + i) % workers_.size();
    const int count = workers_[index]->connection_count();
    if (count < least) best = index, least = count;
  }
  next_ = (next_ + 1) % workers_.size();
  return best;
}

void Workers::stop_accepting() {
  // Counts as busy until it is closed, so that nobody stops us before the last ones were taken in.
  ++environment_.busy_connections;
  environment_.loops.front()->post(
      [this] { acceptor_.finish([this] { --environment_.busy_connections; }); });
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    environment_.loops[i]->post([worker = workers_[i].get()] { worker->drain(); });
  }
}

void Workers::stop() {
  if (!reactor_) return;
  on_every_worker_and_wait([this](std::size_t index) {
    if (index == 0) acceptor_.close();
  });
  // A second round: connections that the acceptor had handed over before are adopted by now.
  on_every_worker_and_wait([this](std::size_t index) { workers_[index]->abort_all(); });
  reactor_->shutdown();
  reactor_.reset();  // joins the threads
}

void Workers::on_every_worker_and_wait(const std::function<void(std::size_t)>& task) {
  std::latch done(static_cast<std::ptrdiff_t>(workers_.size()));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    environment_.loops[i]->post([&task, &done, i] {
      task(i);
      done.count_down();
    });
  }
  done.wait();
}

}  // namespace sluice::http
