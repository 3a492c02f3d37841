#include "gateway/operations.h"

#include <fmt/format.h>

#include <utility>

#include "base/settings.h"
#include "gateway/sql_display.h"

namespace sluice::gateway {
namespace {

std::string_view deed_of(Operations::Verb verb) {
  switch (verb) {
    case Operations::Verb::kPause:
      return "paused";
    case Operations::Verb::kResume:
      return "resumed";
    case Operations::Verb::kReconnect:
      return "reconnected: every connection is replaced";
    case Operations::Verb::kDrain:
      return "drained: nothing new is taken until it is resumed";
  }
  return "";
}

void perform(Operations::Verb verb, manager::Shard& shard) {
  switch (verb) {
    case Operations::Verb::kPause:
      return shard.pause();
    case Operations::Verb::kResume:
      return shard.resume();
    case Operations::Verb::kReconnect:
      return shard.reconnect();
    case Operations::Verb::kDrain:
      return shard.quiesce();
  }
}

std::string breaker_deed(const json::BreakerRequest& request) {
  if (request.state == BreakerState::kClosed) return "returned the breaker to its own judgement";
  const auto until = request.duration ? fmt::format("for {} ms", request.duration->count())
                                      : "until told otherwise";
  return fmt::format("set the breaker to {} {}", to_string(request.state), until);
}

}  // namespace

void Operations::note(const std::string& db_id, const Operator& by, const std::string& deed) {
  const std::string why = by.reason.empty() ? "" : " (" + by.reason + ")";
  events_.record(
      {.kind = EventKind::kOperator, .db_id = db_id, .actor = by.name, .message = deed + why});
}

template <typename T>
std::function<void(T)> Operations::noted(const std::string& db_id, const Operator& by,
                                         std::string deed, std::function<void(T)> done) {
  return [this, db_id, by, deed = std::move(deed), done = std::move(done)](T result) {
    if (result) note(db_id, by, deed);
    by.loop.post([done, result = std::move(result)]() mutable { done(std::move(result)); });
  };
}

void Operations::connect(json::ConnectRequest request,
                         std::function<Result<json::ConnectRequest>()> again, const Operator& by,
                         std::function<void(Result<Connected>)> done) {
  const auto deed = "connected " + request.target.display();
  manager::ConnectCall call{std::move(request.target), std::move(request.options),
                            std::move(request.db_id), true, nullptr};
  call.complete = [again = std::move(again)](manager::ConnectCall& waited) {
    auto now = again();
    if (!now) return;  // it was good before, and is judged as it was
    waited.target = std::move(now->target);
    waited.options = std::move(now->options);
  };
  call.done = [this, by, deed, done = std::move(done)](Result<Connected> connected) {
    if (connected) note(connected->db_id, by, deed);
    by.loop.post([done, connected = std::move(connected)] { done(connected); });
  };
  manager_.connect(std::move(call));
}

void Operations::disconnect(const std::string& db_id, base::Duration patience, const Operator& by,
                            Done done) {
  manager_.disconnect(db_id, patience, noted(db_id, by, "disconnected it", std::move(done)));
}

void Operations::configure(const std::string& db_id, manager::Revise revise, const Operator& by,
                           Done done) {
  auto deed = std::make_shared<std::string>("changed nothing");
  auto revised = [deed, revise = std::move(revise)](const DatabaseOptions& current) {
    auto options = revise(current);
    if (!options) return options;
    const auto changed = base::changed_settings(current, *options);
    if (!changed.empty()) *deed = fmt::format("changed {}", fmt::join(changed, ", "));
    return options;
  };
  manager_.configure(db_id, manager::Revise(std::move(revised)),
                     [this, db_id, by, deed, done = std::move(done)](Status status) {
                       if (status) note(db_id, by, *deed);
                       by.loop.post([done, status = std::move(status)] { done(status); });
                     });
}

void Operations::act(Verb verb, const std::string& db_id, const Operator& by, Done done) {
  manager_.control(
      db_id, [verb](manager::Shard& shard) { perform(verb, shard); },
      noted(db_id, by, std::string(deed_of(verb)), std::move(done)));
}

void Operations::force_breaker(const std::string& db_id, const json::BreakerRequest& request,
                               const Operator& by, Done done) {
  const auto why = by.name + ": " + (by.reason.empty() ? "no reason given" : by.reason);
  manager_.control(
      db_id,
      [request, why](manager::Shard& shard) {
        shard.force_breaker(request.state, request.duration, why);
      },
      noted(db_id, by, breaker_deed(request), std::move(done)));
}

void Operations::probe(const std::string& db_id, const Operator& by,
                       std::function<void(Result<manager::TrialReport>)> done) {
  manager_.probe(
      db_id, [this, db_id, by, done = std::move(done)](const Result<manager::TrialReport>& report) {
        const bool known = report || report.error().code != ErrorCode::kUnknownDatabase;
        if (known) note(db_id, by, report ? "probed it: it answered" : "probed it: it failed");
        by.loop.post([done, report] { done(report); });
      });
}

void Operations::cancel(const std::string& call_id, const Operator& by,
                        std::function<void(std::optional<manager::LiveCall>)> done) {
  manager_.live_calls().cancel(
      call_id, by.name, by.loop,
      [this, by, done = std::move(done)](const std::optional<manager::LiveCall>& call) {
        if (call) note(call->db_id, by, "cancelled " + call->id + ": " + displayed_sql(call->sql));
        done(call);
      });
}

void Operations::end_session(const std::string& db_id, const std::string& id, const Operator& by,
                             std::function<void(std::optional<manager::SessionView>)> found) {
  manager_.live_sessions().end(
      {db_id, id, std::nullopt}, manager::SessionEnd::kKilled, by.loop,
      [this, db_id, by,
       found = std::move(found)](const std::optional<manager::SessionView>& session) {
        if (session) note(db_id, by, "ended the session " + session->id + " of " + session->actor);
        found(session);
      });
}

void Operations::chaos(const std::string& db_id, const std::string& action, const Operator& by,
                       std::function<void(Result<std::string>)> done) {
  chaos_.order(db_id, action, by.loop,
               [this, db_id, action, by, done = std::move(done)](Result<std::string> happens) {
                 if (happens) note(db_id, by, "chaos: " + action);
                 done(std::move(happens));
               });
}

}  // namespace sluice::gateway
