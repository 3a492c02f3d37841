#include "postgres/session_operations.h"

#include <utility>

#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

Error refused_by_libpq(const Session& session) {
  return lost_session_error(one_line(PQerrorMessage(&session.connection)));
}

/// The first error counts; those that follow from it do not. One without an SQLSTATE is libpq's
/// own: the server said nothing, as it is gone.
void note_error(const Pipeline::Answer& answer, Status& status, std::optional<Error>& unusable) {
  if (!answer.result || PQresultStatus(answer.result.get()) != PGRES_FATAL_ERROR) return;
  Error error = statement_error(*answer.result);
  if (ends_session(*answer.result)) unusable = lost_session_error(*answer.result);
  if (error.sqlstate().empty()) unusable = lost_session_error(error.message);
  if (status) status = fail(unusable ? *unusable : std::move(error));
}

}  // namespace

Ping::Ping(Session& session, pool::Connection::Ended ended) : ended_(std::move(ended)) {
  if (!session.pipeline.run_unprepared(Step::kSession, "SELECT 1", {}) || !session.pipeline.sync())
    unusable_ = refused_by_libpq(session);
}

void Ping::on_answer(const Pipeline::Answer& answer) { note_error(answer, status_, unusable_); }

void Ping::on_lost(const Error& why) {
  if (status_) status_ = fail(why);
}

void Ping::report() {
  const auto ended = std::move(ended_);
  ended(std::move(status_));
}

SessionReset::SessionReset(Session& session, Extent extent, pool::Connection::Ended ended)
    : session_(session), extent_(extent), ended_(std::move(ended)) {
  if (extent_.after_cancel) {
    absorbing_ = true;
    end_group();
  } else {
    send_cleaning();
  }
}

void SessionReset::on_answer(const Pipeline::Answer& answer) {
  Status absorbed;
  note_error(answer, absorbing_ ? absorbed : status_, unusable_);
  const bool group_ended = answer.step == Step::kSync && answer.result &&
                           PQresultStatus(answer.result.get()) == PGRES_PIPELINE_SYNC;
  if (!group_ended) return;
  if (absorbing_) {
    absorbing_ = false;
    send_cleaning();
  } else if (!session_.pipeline.waiting() && status_) {
    if (extent_.roll_back) session_.used = false;
    if (extent_.clean) session_.dirty = session_.stale = false;
  }
}

void SessionReset::send_cleaning() {
  if (extent_.roll_back && session_.in_transaction()) {
    send("ROLLBACK");
    end_group();
  }
  if (!extent_.clean) {
    if (extent_.roll_back && !session_.pipeline.waiting()) session_.used = false;
    return;
  }
  // SET SESSION AUTHORIZATION DEFAULT also ends a SET ROLE, which RESET ALL alone leaves in place.
  for (const char* sql :
       {"CLOSE ALL", "SET SESSION AUTHORIZATION DEFAULT", "RESET ALL", "UNLISTEN *",
        "SELECT pg_catalog.pg_advisory_unlock_all()", "DISCARD TEMP", "DISCARD SEQUENCES"})
    send(sql);
  if (session_.stale) {
    send("DEALLOCATE ALL");
    session_.forget_statements();
  }
  send_settings();
  end_group();
}

void SessionReset::send(const char* sql) {
  if (!session_.pipeline.run_unprepared(Step::kSession, sql, {}))
    unusable_ = refused_by_libpq(session_);
}

void SessionReset::send_settings() {
  if (session_.settings_in_each_group) return;
  for (const auto& [name, value] : session_.settings_to_repeat) {
    session_.values.clear();
    session_.values.add(name);
    session_.values.add(value);
    if (!session_.pipeline.run_unprepared(
            Step::kSession, "SELECT pg_catalog.set_config($1, $2, false)", session_.values))
      unusable_ = refused_by_libpq(session_);
  }
}

void SessionReset::end_group() {
  if (!session_.pipeline.sync()) unusable_ = refused_by_libpq(session_);
}

void SessionReset::on_lost(const Error& why) {
  if (status_) status_ = fail(why);
}

void SessionReset::report() {
  const auto ended = std::move(ended_);
  ended(std::move(status_));
}

}  // namespace sluice::postgres
