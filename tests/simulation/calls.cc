#include "simulation/calls.h"

#include <algorithm>
#include <utility>

#include "simulation/scenario.h"

namespace sluice::simulation {
namespace {

constexpr base::Duration kLargestMargin = milliseconds(100);  // between a cancel and its deadline

}  // namespace

class Calls::Sink : public RowSink {
 public:
  Sink(Verdict& verdict, Call& call) : verdict_(verdict), call_(call) {}

  void on_columns(const std::vector<Column>&) override {
    if (call_.answered) late();
  }
  RowVerdict on_row(std::span<const Cell> cells) override {
    if (call_.answered) late();
    if (cells.front().text() != statement(call_.order.key.first)) {
      verdict_.broken("everyone gets their own rows",
                      call_.name + " got the rows of " + std::string(cells.front().text()));
    }
    return RowVerdict::kContinue;
  }

 private:
  void late() {
    verdict_.broken("no row comes after the answer", call_.name + " got rows after its answer");
  }

  Verdict& verdict_;
  Call& call_;
};

class Calls::Stream final : public Sink {
 public:
  Stream(Calls& calls, Call& call, Readers& readers, Reading reading)
      : Sink(calls.verdict_, call),
        calls_(calls),
        call_(call),
        readers_(readers),
        reading_(reading) {}

  [[nodiscard]] bool may_pause() const override { return true; }
  RowVerdict on_row(std::span<const Cell> cells) override {
    if (*paused_) calls_.verdict_.broken("no row comes while its reader pauses", call_.name);
    (void)Sink::on_row(cells);
    return ++taken_ % reading_.rows == 0 ? RowVerdict::kPause : RowVerdict::kContinue;
  }
  void on_paused(std::function<void()> resume) override {
    ++calls_.met_.paused;
    *paused_ = true;
    readers_.pause(call_.order.key.first, [paused = paused_, resume = std::move(resume)] {
      *paused = false;
      resume();
    });
    if (reading_.briefly) readers_.go_on(call_.order.key.first);
  }

 private:
  Calls& calls_;
  Call& call_;
  Readers& readers_;
  const Reading reading_;
  int taken_ = 0;
  const std::shared_ptr<bool> paused_ = std::make_shared<bool>(false);
};

void Calls::made(const Order& order, const Surroundings& now) {
  Call& call = calls_[order.key];
  call.order = order;
  call.name =
      "call #" + std::to_string(order.key.first) + " at db" + std::to_string(order.key.second);
  call.made = now;
  if (order.session != 0) {
    call.cancelled = true;       // when its session ends
    call.made.in_order = false;  // it waits for no connection
  }
  call.serial = next_serial_++;
  call.ticket = answers_.expect(call.name, order.deadline);
}

void Calls::starts(Key key, const Surroundings& now) {
  Call& call = calls_.at(key);
  call.made = now;
  call.serial = next_serial_++;
}

std::shared_ptr<RowSink> Calls::sink(Key key) {
  return std::make_shared<Sink>(verdict_, calls_.at(key));
}

std::shared_ptr<RowSink> Calls::stream(Key key, Readers& readers, Reading reading) {
  return std::make_shared<Stream>(*this, calls_.at(key), readers, reading);
}

void Calls::cancelled(int id) {
  for (auto& [key, call] : calls_) {
    if (key.first == id && !call.answered) call.cancelled = true;
  }
}

int Calls::under_way(int database) const {
  return static_cast<int>(std::count_if(calls_.begin(), calls_.end(), [database](const auto& each) {
    return each.first.second == database && !each.second.answered;
  }));
}

std::int64_t Calls::begun(int database) const {
  const auto unnamed = unnamed_.find(database);
  std::int64_t begun = unnamed == unnamed_.end() ? 0 : unnamed->second;
  for (const auto& [key, call] : calls_) {
    const bool alone = call.order.statements == 1;
    if (key.second == database && alone && call.sent > 0) ++begun;
  }
  return begun;
}

// --- what databases see ------------------------------------------------------------------------

bool Calls::sent(int database, const std::string& sql, testing::FakeConnection& connection,
                 ResetPolicy policy) {
  if (sql == "COMMIT") return false;
  Call* call = nullptr;
  if (sql.starts_with('q')) {
    const auto found = calls_.find({std::stoi(sql.substr(1)), database});
    if (found == calls_.end()) {
      verdict_.broken("only what was asked for is sent", sql + " was sent to nobody's order");
      return false;
    }
    call = &found->second;
  }
  if (!call) ++unnamed_[database];
  check_session(call, sql, {database, connection.number()});
  check_user(call, sql, connection, policy);
  if (!call) return true;
  if (call->answered) {
    verdict_.broken("nothing is sent after the answer", call->name + " was sent after its answer");
  }
  if (is_repeat(*call, sql)) return true;
  if (++call->sent > call->order.statements) {
    verdict_.broken("a statement is sent once", call->name + " was sent again");
  }
  if (call->order.statements > 1) return false;
  check_order(*call);
  return true;
}

bool Calls::is_repeat(Call& call, const std::string& sql) {
  const bool may_be = call.order.statements == 1 && call.sent == 1 && is_short_read(sql);
  if (!may_be || std::exchange(call.repeated, true)) return false;
  ++met_.repeated;
  return true;
}

/// A session may be ending at this very moment, its connection lent already.
void Calls::check_session(Call* call, const std::string& sql, const Place& place) {
  const int own = call ? call->order.session : 0;
  for (const auto& [session, held] : held_) {
    if (session != own && held == place) intruders_[session] = sql;
    if (session == own && held != place) {
      verdict_.broken("a session stays on its connection", call->name + " was sent on another");
    }
  }
  if (call) call->place = place;
}

void Calls::check_sessions() {
  for (const auto& [session, sql] : intruders_) {
    verdict_.broken("a session's connection is its own",
                    sql + " was sent on that of session #" + std::to_string(session));
  }
}

void Calls::session_over(int session) {
  held_.erase(session);
  intruders_.erase(session);
}

void Calls::check_user(Call* call, const std::string& sql, testing::FakeConnection& connection,
                       ResetPolicy policy) {
  const auto before = users_.find(&connection);
  const bool known = before != users_.end();
  const bool continues = known && call && (!before->second || before->second == call);
  users_[&connection] = call;
  if (!call && !sql.starts_with("BEGIN")) users_.erase(&connection);
  const bool in_session = call && call->order.session != 0 && !call->order.opens;
  if (continues || in_session) return;
  const auto cleaned_for = policy == ResetPolicy::kNever ? policy : ResetPolicy::kDirty;
  if (connection.needs_reset(cleaned_for)) {
    verdict_.broken("everyone gets a clean session", sql + " was sent on connection " +
                                                         std::to_string(connection.number()) +
                                                         ", which was not cleaned");
  }
}

/// Calls that one caller makes for one client at one pool are sent in the order they were made.
/// Transactions start with a statement that does not name them, and are left out.
void Calls::check_order(const Call& call) {
  if (!call.made.in_order) return;
  int& last = last_sent_[{call.order.key.second, call.made.registration, call.order.from,
                          call.order.client}];
  if (call.serial < last) {
    verdict_.broken("first come, first served", call.name + " was overtaken by a later call");
  }
  last = std::max(last, call.serial);
}

// --- how calls end -----------------------------------------------------------------------------

void Calls::answered(Key key, const Result<Completion>& result, const Surroundings& now) {
  Call& call = calls_.at(key);
  answers_.came(call.ticket, now.now);
  call.answered = true;
  if (result) {
    ++met_.succeeded;
    if (call.order.opens) held_[call.order.session] = call.place;
    if (call.order.session != 0 && !call.order.opens) ++met_.in_session;
    return check_success(call, now);
  }
  met_.fail(result.error().code);
  if (call.sent > 0) ++met_.cut;
  check_error(call, result.error(), now);
  check_code(call, result.error(), now);
}

void Calls::check_success(const Call& call, const Surroundings&) {
  if (call.sent == call.order.statements) return;
  verdict_.broken("a call that succeeded was executed",
                  call.name + " succeeded, but was sent " + std::to_string(call.sent) + " times");
}

void Calls::check_error(const Call& call, const Error& error, const Surroundings& now) {
  const bool refused_late = call.order.opens;  // it has run, but there were too many sessions
  if (error.outcome == Outcome::kNotStarted && call.sent > 0 && !refused_late) {
    verdict_.broken("what is called not started was not sent",
                    call.name + " ended as not started, but had been sent: " + error.message);
  }
  const bool its_own_doing = now.shared || call.cancelled || now.closing || !call.made.registration;
  if (call.order.key.second == kSteady && !its_own_doing) {
    verdict_.broken("a healthy database is never refused because of a sick one",
                    call.name + " failed: " + error.message);
  }
  const bool asked = call.cancelled || time_is_up(call, now.now) || now.closing ||
                     now.registration != call.made.registration;
  if (error.sqlstate() == "57014" && !asked) {
    verdict_.broken("only what has to be is cancelled", call.name + " was cancelled for nothing");
  }
}

void Calls::check_code(const Call& call, const Error& error, const Surroundings& now) {
  const bool gone = now.closing || now.registration != call.made.registration;
  bool justified = true;
  switch (error.code) {
    case ErrorCode::kUnknownDatabase:
      justified = !call.made.registration;
      break;
    case ErrorCode::kDraining:
      justified = gone || now.drained;
      break;
    case ErrorCode::kCancelled:
      justified = call.cancelled;
      break;
    case ErrorCode::kQueryTimeout:
      justified = time_is_up(call, now.now) && call.sent > 0;
      // A transaction may have been cut at its BEGIN, which names nobody.
      if (call.order.statements > 1) justified = time_is_up(call, now.now);
      break;
    case ErrorCode::kAcquireTimeout:
    case ErrorCode::kQueueFull:
    case ErrorCode::kBreakerOpen:
    case ErrorCode::kPaused:
      justified = call.sent == 0 || is_short_read(statement(call.order.key.first));
      break;
    case ErrorCode::kInternal:
    case ErrorCode::kWouldDeadlock:
    case ErrorCode::kInvalidRequest:
    case ErrorCode::kResultTooLarge:
    case ErrorCode::kDatabaseIdTaken:
      justified = false;
      break;
    default:
      break;
  }
  if (justified) return;
  verdict_.broken("every error is true", call.name + " ended with " +
                                             std::string(to_string(error.code)) +
                                             ", for which there was no cause: " + error.message);
}

bool Calls::time_is_up(const Call& call, base::TimePoint now) {
  const auto margin = std::min(base::Duration(call.order.timeout) / 10, kLargestMargin);
  return now >= call.order.deadline - margin;
}

}  // namespace sluice::simulation
