#include "postgres/async_connection.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <exception>
#include <utility>

#include "postgres/execution.h"
#include "postgres/socket_input.h"
#include "postgres/sql_error.h"
#include "postgres/transaction.h"

namespace sluice::postgres {
namespace {

/// How long a cut result may take to run out by itself before it is cancelled: a cancel costs the
/// server a process.
constexpr std::chrono::milliseconds kDrainPatience{10};

/// Before what arrives is counted.
constexpr int kSmallReadings = 4;
/// While rows were written out, the next may have come; then they belong into the same piece. But
/// the others of the loop want their turn, too.
constexpr int kMoreReadings = 3;
/// Of results that were expected to be small, before they are given up.
constexpr std::int64_t kMostCollected = 4 * 1024 * 1024;

}  // namespace

AsyncConnection::AsyncConnection(std::shared_ptr<ConnectorState> state,
                                 std::unique_ptr<PqxxAdoption> adoption,
                                 std::vector<Setting> settings_to_repeat)
    : state_(std::move(state)),
      adoption_(std::move(adoption)),
      session_{.loop = state_->loop,
               .connection = adoption_->raw(),
               .pipeline = Pipeline(adoption_->raw()),
               .cache = StatementCache(
                   static_cast<std::size_t>(std::max(state_->options.pool.statement_cache, 0))),
               .types = state_->types(),
               .statement_timeout = session_timeout(state_->options),
               .settings_to_repeat = std::move(settings_to_repeat),
               .settings_in_each_group = state_->options.pool.statement_cache == 0,
               .timeout_statement = {},
               .read_only_statement = {},
               .values = {}},
      wake_(state_->loop.timers(), [this] { process(); }),
      cancel_timer_(state_->loop.timers(), [this] { on_cancel_timer(); }),
      ticket_(state_->loop) {
  enter_pipeline_mode();
}

AsyncConnection::~AsyncConnection() {
  unwatch();
  if (closing_ < 0) return;
  session_.loop.unwatch(closing_);
  ::close(closing_);
}

void AsyncConnection::enter_pipeline_mode() {
  PGconn& raw = adoption_->raw();
  PQsetErrorVerbosity(&raw, PQERRORS_DEFAULT);
  PQsetNoticeReceiver(&raw, &AsyncConnection::on_notice, this);
  if (PQstatus(&raw) != CONNECTION_OK || PQsetnonblocking(&raw, 1) != 0 ||
      PQenterPipelineMode(&raw) != 1) {
    lose(lost_session_error(one_line(PQerrorMessage(&raw))));
    return;
  }
  watch(base::Interest::kRead);
}

void AsyncConnection::execute(const Query& query, const pool::ExecuteOptions& options,
                              RowSink& sink, Done done) {
  assert((!operation_ || batch_) && !detached_);
  Execution::User user{sink, std::move(done)};
  if (!batch_ && options.first_of_batch && Execution::short_read(session_, query)) start_batch();
  if (batch_) return batch_->add(query, options, std::move(user));
  operation_ = std::make_unique<Execution>(session_, query, options, std::move(user));
  begun();
}

void AsyncConnection::transact(const pool::TransactionOrder& order,
                               const pool::ExecuteOptions& options, RowSink& sink, Done done) {
  assert(!operation_ && !detached_);
  operation_ = std::make_unique<Transaction>(session_, order, options,
                                             Transaction::User{sink, std::move(done)});
  begun();
}

/// It is sent when the loop's turn is over and all have joined.
void AsyncConnection::start_batch() {
  auto batch = std::make_unique<Batch>(session_);
  batch_ = batch.get();
  operation_ = std::move(batch);
  expect_answers();
  wake_.arm(session_.loop.now());
}

bool AsyncConnection::may_join(const pool::Errand& errand) {
  return batch_ && !lost_ && !abandoned_ && batch_->takes(errand.query, errand.options);
}

void AsyncConnection::ping(Ended ended) {
  assert(!operation_ && !detached_);
  operation_ = std::make_unique<Ping>(session_, std::move(ended));
  begun();
}

void AsyncConnection::expect_answers() {
  cancel_wanted_ = false;
  cancels_sent_ = readings_ = 0;
  collected_ = 0;
}

void AsyncConnection::begun() {
  expect_answers();
  after_sending();
  // Refused at once, or lost: that is told on the loop's next turn, never from inside the call.
  if (!session_.pipeline.waiting() || operation_->unusable() || lost_)
    wake_.arm(session_.loop.now());
}

/// The one place that hears of the socket.
void AsyncConnection::on_ready(bool readable, bool) {
  if (!adoption_) return drain_until_closed();
  if (readable && operation_ && operation_->collects()) watch_size();
  std::optional<Error> why;
  if (readable && PQconsumeInput(&session_.connection) != 1)
    why = lost_session_error(one_line(PQerrorMessage(&session_.connection)));
  if (PQsocket(&session_.connection) != watched_) unwatch();  // libpq has closed it
  if (why && !abandoned_) lost_ = std::move(why);
  process();
}

/// A result that libpq collects is read at least 8 KiB at a time, so that a few readings are small.
void AsyncConnection::watch_size() {
  if (++readings_ <= kSmallReadings || collected_ > kMostCollected) return;
  int bytes = 0;
  if (::ioctl(PQsocket(&session_.connection), FIONREAD, &bytes) == 0) collected_ += bytes;
  if (collected_ <= kMostCollected) return;
  operation_->on_outgrown();
  cancel();
}

/// Handles what has arrived. Every user's function is the last thing called.
void AsyncConnection::process() {
  if (!adoption_) return drain_until_closed();
  if (abandoned_ && !lost_) lost_ = abandoned_error();
  if (Batch* const batch = std::exchange(batch_, nullptr)) batch->close();
  more_readings_ = kMoreReadings;
  while (operation_ && !abandoned_ && !operation_->unusable() && !operation_->paused()) {
    const auto answer = next_answer();
    if (!answer) break;
    operation_->on_answer(*answer);
    if (operation_->reports_early() && !draining_) return report_early();
  }
  if (!operation_) drop_unasked_messages();
  if (operation_ && !operation_->paused() && session_.pipeline.waiting()) operation_->on_lull();
  if (operation_ && operation_->unusable() && !lost_) lost_ = operation_->unusable();
  if (last_words_ && !lost_) lost_ = std::move(last_words_);
  after_sending();
  if (lost_) return lose(*lost_);
  if (operation_ && !session_.pipeline.waiting()) conclude();
}

std::optional<Pipeline::Answer> AsyncConnection::next_answer() {
  auto answer = session_.pipeline.next();
  if (answer || lost_ || !session_.pipeline.waiting()) return answer;
  if (operation_->amid_rows() && more_readings_ > 0) {
    --more_readings_;
    if (PQconsumeInput(&session_.connection) != 1) note_loss();
    answer = session_.pipeline.next();
    if (answer || lost_) return answer;
  }
  if (consume_rest(session_.connection)) return session_.pipeline.next();
  note_loss();
  return answer;
}

void AsyncConnection::note_loss() {
  lost_ = lost_session_error(one_line(PQerrorMessage(&session_.connection)));
}

/// While nothing runs only notices, changed settings and notifications can come. Looking for the
/// last makes libpq parse all of them.
void AsyncConnection::drop_unasked_messages() {
  while (PGnotify* notification = PQnotifies(&session_.connection)) PQfreemem(notification);
}

void AsyncConnection::after_sending() {
  if (lost_ || detached_) return;
  const int flushing = PQflush(&session_.connection);
  if (PQsocket(&session_.connection) != watched_) unwatch();
  if (flushing < 0) {
    note_loss();
    wake_.arm(session_.loop.now());
    return;
  }
  await(flushing == 1);
}

/// What a paused user is not given stays with the server: libpq would take in all of it.
void AsyncConnection::await(bool sending) {
  const bool paused = operation_ && operation_->paused();
  if (!paused) return watch(sending ? base::Interest::kReadWrite : base::Interest::kRead);
  sending ? watch(base::Interest::kWrite) : unwatch();
}

void AsyncConnection::watch(base::Interest interest) {
  const int socket = PQsocket(&session_.connection);
  if (socket < 0) return;
  if (watched_ < 0) {
    session_.loop.watch(socket, interest, *this);
  } else if (interest != interest_) {
    session_.loop.rewatch(socket, interest);
  }
  watched_ = socket;
  interest_ = interest;
}

void AsyncConnection::unwatch() {
  if (watched_ >= 0) session_.loop.unwatch(std::exchange(watched_, -1));
}

void AsyncConnection::conclude() {
  const auto ended = std::move(operation_);
  cancel_timer_.disarm();
  cancel_wanted_ = false;
  const bool was_draining = std::exchange(draining_, false);
  // A proxy passes a cancel on at its leisure, perhaps to the next user of the server's session.
  if (state_->quirks.refuses_options && std::exchange(cancels_sent_, 0) > 0)
    lost_ = lost_session_error("it was cancelled behind a proxy");
  if (was_draining) return start_wanted_reset();
  ended->report();
}

void AsyncConnection::report_early() {
  draining_ = true;
  wake_.arm(session_.loop.now());  // more may have arrived already
  cancel_timer_.arm(session_.loop.now() + kDrainPatience);
  operation_->report();
}

/// The connection is of no more use: whatever ran is told, or whoever watches it.
void AsyncConnection::lose(Error why) {
  unwatch();
  lost_ = std::move(why);
  session_.pipeline.clear();
  batch_ = nullptr;
  cancel_timer_.disarm();
  wake_.disarm();
  const auto ended = std::move(operation_);
  const bool was_draining = std::exchange(draining_, false);
  if (ended && !was_draining) {
    ended->on_lost(*lost_);
    return ended->report();
  }
  if (wanted_reset_) {
    const auto reset = std::exchange(wanted_reset_, std::nullopt);
    return reset->ended(fail(*lost_));
  }
  tell_idle_broken();
}

void AsyncConnection::tell_idle_broken() {
  if (const auto tell = std::exchange(idle_broken_, nullptr)) tell();
}

/// A FATAL is sent as a notice when nothing runs.
void AsyncConnection::on_notice(void* self, const PGresult* notice) {
  auto& connection = *static_cast<AsyncConnection*>(self);
  if (ends_session(*notice)) connection.last_words_ = lost_session_error(*notice);
}

void AsyncConnection::close(std::function<void()> closed) {
  assert((!operation_ || draining_) && !detached_);
  operation_.reset();
  cancel_timer_.disarm();
  unwatch();
  closed_ = std::move(closed);
  const int socket = PQsocket(&session_.connection);
  closing_ = socket < 0 ? -1 : ::fcntl(socket, F_DUPFD_CLOEXEC, 0);
  adoption_.reset();  // says goodbye, and closes libpq's descriptor
  if (closing_ >= 0) {
    session_.loop.watch(closing_, base::Interest::kRead, *this);
  } else {
    wake_.arm(session_.loop.now());
  }
}

/// The server closes its end when the backend has gone.
void AsyncConnection::drain_until_closed() {
  std::array<char, 4096> ignored;
  while (closing_ >= 0) {
    const ssize_t got = ::recv(closing_, ignored.data(), ignored.size(), MSG_DONTWAIT);
    if (got > 0) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    session_.loop.unwatch(closing_);
    ::close(std::exchange(closing_, -1));
  }
  if (const auto closed = std::exchange(closed_, nullptr)) closed();
}

bool AsyncConnection::broken() const {
  return lost_ || last_words_ || abandoned_ || !adoption_ ||
         PQstatus(&session_.connection) == CONNECTION_BAD;
}

void AsyncConnection::on_idle_broken(std::function<void()> broken) {
  idle_broken_ = std::move(broken);
}

void AsyncConnection::detach() {
  assert(!operation_ && !detached_ && adoption_);
  wake_.disarm();
  unwatch();
  detached_ = true;
  if (lost_) return;
  PGconn& raw = adoption_->raw();
  // In blocking mode, and out of pipeline mode, for libpqxx. Cannot fail while nothing runs; if it
  // did, libpqxx would say so.
  PQexitPipelineMode(&raw);
  PQsetnonblocking(&raw, 0);
  PQsetNoticeReceiver(
      &raw, [](void*, const PGresult*) {}, nullptr);
}

/// What the user did is not known: all of it is cleaned up.
void AsyncConnection::attach() {
  assert(detached_);
  detached_ = false;
  session_.used = session_.dirty = session_.stale = true;
  session_.forget_statements();
  if (lost_) return;
  try {
    if (adoption_->closed_by_user()) {
      lose(lost_session_error("its user closed it"));
    } else {
      adoption_->renew();
      enter_pipeline_mode();
    }
  } catch (const std::exception& problem) {
    lose(lost_session_error(one_line(problem.what())));
  }
}

std::string AsyncConnection::server_version() const {
  const char* reported =
      adoption_ ? PQparameterStatus(&adoption_->raw(), "server_version") : nullptr;
  const std::string version = reported ? reported : "";
  return version.substr(0, version.find(' '));  // "15.8 (Debian …)"
}

}  // namespace sluice::postgres
