#include "postgres/connecting.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "postgres/async_connection.h"
#include "postgres/connect_error.h"
#include "postgres/pqxx_adoption.h"
#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

// "unrecognized configuration parameter" and "invalid value for parameter".
bool is_refused_setting(std::string_view sqlstate) {
  return sqlstate == "42704" || sqlstate == "22023";
}

/// Whether another address of the same host may do better.
bool may_differ_elsewhere(const Error& error) {
  return error.sqlstate().empty() || error.sqlstate() == "57P03";
}

}  // namespace

Connecting::Connecting(std::shared_ptr<ConnectorState> state, base::Deadline deadline,
                       pool::Connector::Connected connected)
    : state_(std::move(state)),
      deadline_(deadline),
      connected_(std::move(connected)),
      next_step_(state_->loop.timers(), [this] { begin(); }),
      time_over_(state_->loop.timers(), [this] { on_late(); }),
      ticket_(state_->loop) {
  next_step_.arm(state_->loop.now());
  time_over_.arm(deadline_.at());
}

Connecting::~Connecting() { unwatch(); }

void Connecting::begin() {
  const std::string& host = state_->target.host;
  if (is_socket_directory(host)) return on_resolved({{std::string()}, {}});
  if (is_address(host)) return on_resolved({{host}, {}});
  doing_ = "resolving the host name";
  state_->resolver.resolve(host, ticket_.stub(),
                           [this](Resolved resolved) { on_resolved(std::move(resolved)); });
}

void Connecting::on_resolved(Resolved resolved) {
  if (resolved.addresses.empty())
    return finish(fail(unknown_host_error(state_->target, resolved.error)));
  addresses_ = std::move(resolved.addresses);
  try_address();
}

void Connecting::try_address() {
  doing_ = "waiting for the server";
  const auto now = state_->loop.now();
  const auto left = static_cast<int>(addresses_.size() - address_);
  time_over_.arm(now + deadline_.remaining(now) / left);
  const ConnectParameters parameters(state_->target, state_->options, state_->quirks,
                                     addresses_[address_]);
  ++attempts_;
  connection_.reset(PQconnectStartParams(parameters.keywords(), parameters.values(), 0));
  if (!connection_ || PQstatus(connection_.get()) == CONNECTION_BAD) return on_refused();
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);  // puts SQLSTATEs into the text
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  watch(base::Interest::kWrite);
}

/// libpq may close its socket and open another in PQconnectPoll, under the same number.
void Connecting::on_ready(bool readable, bool) {
  unwatch();
  readable ? advance_elsewhere() : advanced(PQconnectPoll(connection_.get()));
}

/// What the server has said may have to be answered with a proof.
void Connecting::advance_elsewhere() {
  const auto kept = std::make_shared<ConnPtr>(std::move(connection_));
  state_->log_ins.run([this, kept, back = ticket_.stub(), attempt = attempts_] {
    const auto next = PQconnectPoll(kept->get());
    back.deliver([this, kept, attempt, next] {
      if (attempt != attempts_ || !connected_) return;  // its time was over
      connection_ = std::move(*kept);
      advanced(next);
    });
  });
}

void Connecting::advanced(PostgresPollingStatusType next) {
  switch (next) {
    case PGRES_POLLING_READING:
      return watch(base::Interest::kRead);
    case PGRES_POLLING_WRITING:
      return watch(base::Interest::kWrite);
    case PGRES_POLLING_OK:
      return on_open();
    default:
      return on_refused();
  }
}

void Connecting::watch(base::Interest interest) {
  watched_ = PQsocket(connection_.get());
  if (watched_ < 0) return on_refused();
  state_->loop.watch(watched_, interest, *this);
}

void Connecting::unwatch() {
  if (watched_ >= 0) state_->loop.unwatch(std::exchange(watched_, -1));
}

void Connecting::on_late() { try_next(connect_timeout_error(state_->target, doing_)); }

void Connecting::on_refused() {
  unwatch();
  const char* text = connection_ ? PQerrorMessage(connection_.get()) : "out of memory";
  const ConnectFailure failure = read_connect_failure(text);
  if (adapt(failure.sqlstate)) return try_address();
  try_next(connect_error(state_->target, failure));
}

bool Connecting::adapt(std::string_view sqlstate) {
  ServerQuirks& quirks = state_->quirks;
  if (is_refused_setting(sqlstate) && !quirks.refuses_check_interval)
    return quirks.refuses_check_interval = true;
  if (is_refused_setting(sqlstate) && !quirks.refuses_comforts)
    return quirks.refuses_comforts = true;
  if (sqlstate == "08P01" && !quirks.refuses_options) return quirks.refuses_options = true;
  return false;
}

void Connecting::try_next(Error error) {
  unwatch();
  ++attempts_;
  connection_.reset();
  opened_.reset();
  const bool another = address_ + 1 < addresses_.size() && may_differ_elsewhere(error) &&
                       !deadline_.expired(state_->loop.now());
  if (!another) return finish(fail(std::move(error)));
  ++address_;
  try_address();
}

void Connecting::on_open() {
  doing_ = "setting the session up";
  auto missing = missing_settings();
  try {
    opened_ = std::make_unique<AsyncConnection>(
        state_, std::make_unique<PqxxAdoption>(std::move(connection_)), std::move(missing));
  } catch (const std::exception& problem) {
    Error error = lost_session_error(one_line(problem.what()));
    return try_next(std::move(error));
  }
  if (!opened_->must_repeat_settings()) return finish(std::move(opened_));
  opened_->reset(ResetPolicy::kAlways, [this](Status set) {
    if (!set) return try_next(set.error());
    finish(std::move(opened_));
  });
}

/// All of them behind a proxy that takes none; those that a PGTZ or PGDATESTYLE in our environment
/// has overridden.
std::vector<Setting> Connecting::missing_settings() const {
  std::vector<Setting> settings = session_settings(state_->options, state_->quirks);
  if (state_->quirks.refuses_options) {
    // The server's client is the proxy, which does not go away.
    std::erase_if(settings, [](const Setting& setting) {
      return setting.first == "client_connection_check_interval";
    });
    return settings;
  }
  std::erase_if(settings, [this](const Setting& setting) {
    const char* reported = PQparameterStatus(connection_.get(), setting.first.c_str());
    return !reported || std::string_view(reported).starts_with(setting.second);
  });
  return settings;
}

void Connecting::finish(Result<std::unique_ptr<pool::Connection>> result) {
  next_step_.disarm();
  time_over_.disarm();
  unwatch();
  const auto connected = std::move(connected_);
  connected(std::move(result));
}

}  // namespace sluice::postgres
