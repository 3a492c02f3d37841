#include "manager/host_probe.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace sluice::manager {
namespace {

/// From what PostgreSQL knows to what anything that speaks its protocol does.
constexpr std::array<const char*, 3> kQuestions{
    "SELECT pg_is_in_recovery(), current_setting('transaction_read_only'), "
    "CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') "
    "ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') END::int8, "
    "CASE WHEN pg_is_in_recovery() THEN NULL ELSE "
    "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int8 END, "
    "(extract(epoch FROM clock_timestamp()) * 1000000)::int8, "
    "(extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::int8",
    "SELECT pg_is_in_recovery(), current_setting('transaction_read_only')",
    "SHOW transaction_read_only"};
constexpr std::size_t kLeast = kQuestions.size() - 1;

/// An unknown function, a refused one, or something the engine cannot parse.
bool is_beyond_the_engine(const Error& error) {
  const auto state = error.sqlstate();
  return error.code == ErrorCode::kSqlError && (state.starts_with("42") || state.starts_with("0A"));
}

bool is_on(const std::optional<std::string>& text) {
  return text && (*text == "t" || *text == "on" || *text == "true");
}

std::optional<std::int64_t> whole(const std::optional<std::string>& text) {
  std::int64_t value = 0;
  if (!text) return std::nullopt;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

Error no_answer() {
  return {.code = ErrorCode::kConnectTimeout,
          .message = "it did not answer within a second",
          .fault = Fault::kDatabase};
}

/// It might be taken for a primary.
Error says_nothing() {
  return {.code = ErrorCode::kSqlError,
          .message = "it answered without a row when it was asked whether it is in recovery",
          .fault = Fault::kDatabase};
}

}  // namespace

HostProbe::HostProbe(base::EventLoop& loop, std::shared_ptr<pool::Connector> connector,
                     std::function<void()> lost)
    : loop_(loop),
      connector_(std::move(connector)),
      lost_(std::move(lost)),
      late_(loop.timers(), [this] { on_late(); }) {}

HostProbe::~HostProbe() = default;

const char* HostProbe::question(std::size_t index) { return kQuestions.at(index); }

DatabaseOptions HostProbe::session_of(const DatabaseOptions& options) {
  DatabaseOptions own;
  own.pool.statement_cache = 0;  // there may be a proxy in between
  own.session.application_name = options.session.application_name.substr(0, 50) + " monitor";
  own.session.statement_timeout = std::chrono::seconds(5);
  return own;
}

void HostProbe::replace_connector(std::shared_ptr<pool::Connector> connector) {
  connector_ = std::move(connector);
  if (!looked_) connection_.reset();
}

void HostProbe::look(base::Duration patience, Looked looked) {
  looked_ = std::move(looked);
  began_ = loop_.now();
  deadline_ = began_ + patience;
  late_.arm(deadline_);
  fresh_ = !connection_ || connection_->broken();
  fresh_ ? connect() : ask();
}

void HostProbe::connect() {
  connection_.reset();
  question_ = 0;
  attempt_ = connector_->connect(base::Deadline(deadline_), [this](auto connected) {
    attempt_.reset();
    on_connected(std::move(connected));
  });
}

void HostProbe::on_connected(Result<std::unique_ptr<pool::Connection>> connected) {
  if (!connected) return end(fail(std::move(connected.error())));
  connection_ = std::move(*connected);
  connection_->on_idle_broken([this] {
    connection_.reset();
    const auto lost = lost_;
    lost();
  });
  ask();
}

void HostProbe::ask() {
  row_.clear();
  asked_ = loop_.now();
  Query query;
  query.sql = kQuestions[question_];
  connection_->execute(query, {.timeout = std::chrono::seconds(5)}, *this,
                       [this](const Result<Completion>& answer) { on_answer(answer); });
}

void HostProbe::on_answer(const Result<Completion>& answer) {
  if (answer && row_.empty()) return end(fail(says_nothing()));
  if (answer) return end(facts());
  if (question_ < kLeast && is_beyond_the_engine(answer.error())) {
    ++question_;
    return ask();
  }
  Error error = answer.error();
  const bool was_stale = !fresh_ && error.code == ErrorCode::kDatabaseUnavailable;
  connection_.reset();
  if (!was_stale) return end(fail(std::move(error)));
  // A restart, or a proxy that closes what is idle, is no sign of anything yet.
  fresh_ = true;
  connect();
}

RowVerdict HostProbe::on_row(std::span<const Cell> cells) {
  for (const Cell& cell : cells) {
    row_.push_back(cell.is_null() ? std::nullopt : std::optional(std::string(cell.text())));
  }
  return RowVerdict::kContinue;
}

HostFacts HostProbe::facts() const {
  HostFacts facts;
  facts.began = began_;
  if (!fresh_) facts.round_trip = loop_.now() - asked_;
  const auto cell = [this](std::size_t i) {
    return i < row_.size() ? row_[i] : std::optional<std::string>();
  };
  facts.read_only = is_on(cell(question_ == kLeast ? 0 : 1));
  // To an engine without recovery, one that takes no writes is a replica.
  facts.in_recovery = question_ == kLeast ? facts.read_only : is_on(cell(0));
  facts.position = whole(cell(2));
  facts.timeline = whole(cell(3));
  facts.clock = whole(cell(4));
  facts.replayed = whole(cell(5));
  return facts;
}

void HostProbe::on_late() {
  attempt_.reset();
  connection_.reset();
  end(fail(no_answer()));
}

void HostProbe::end(Result<HostFacts> result) {
  late_.disarm();
  const auto looked = std::exchange(looked_, nullptr);
  looked(std::move(result));
}

}  // namespace sluice::manager
