#include "postgres/execution.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "postgres/array_literal.h"
#include "postgres/sql_error.h"

namespace sluice::postgres {
namespace {

/// libpq collects a result faster than it hands out rows one by one, but without a limit.
constexpr std::int64_t kSmall = 256 * 1024;

/// What may be sent with others: they would wait for a longer one, or for its rows.
constexpr std::int64_t kShortResult = 64 * 1024;
constexpr std::chrono::milliseconds kShort{2};
// How long the quickest run counts.
constexpr std::chrono::seconds kQuickestFor{10};

constexpr const char* kSetTimeout = "SELECT pg_catalog.set_config('statement_timeout', $1, true)";
constexpr const char* kSetReadOnly =
    "SELECT pg_catalog.set_config('statement_timeout', $1, true),"
    " pg_catalog.set_config('transaction_read_only', 'on', true)";

std::string literal_of(const std::vector<TypeOid>& oids) {
  std::string literal = "{";
  for (const TypeOid oid : oids) literal += (literal.size() > 1 ? "," : "") + std::to_string(oid);
  return literal + "}";
}

std::string literal_of(const std::vector<std::string>& names) {
  std::string literal;
  // A flat list of strings is always a valid array.
  (void)append_array_literal(std::vector<Param>(names.begin(), names.end()), {}, literal);
  return literal;
}

constexpr int kTypeColumns = 8;  // of TypeCatalog::lookup_sql

TypeRow type_row(const PGresult& rows, int row) {
  const auto number = [&](int column) {
    return static_cast<TypeOid>(std::strtoul(PQgetvalue(&rows, row, column), nullptr, 10));
  };
  return {number(0),
          PQgetvalue(&rows, row, 1),
          PQgetvalue(&rows, row, 2)[0],
          number(3),
          number(4),
          PQgetvalue(&rows, row, 5)[0],
          PQgetvalue(&rows, row, 6)[0],
          PQgetvalue(&rows, row, 7)};
}

std::vector<Column> columns_of(const PGresult& described) {
  std::vector<Column> columns(static_cast<std::size_t>(PQnfields(&described)));
  for (int i = 0; i < PQnfields(&described); ++i) {
    Column& column = columns[static_cast<std::size_t>(i)];
    column.name = PQfname(&described, i);
    column.oid = PQftype(&described, i);
    column.table_oid = PQftable(&described, i);
    column.table_column = static_cast<std::int16_t>(PQftablecol(&described, i));
    column.type_size = static_cast<std::int16_t>(PQfsize(&described, i));
    column.type_modifier = PQfmod(&described, i);
  }
  return columns;
}

bool has_duplicates(const std::vector<Column>& columns) {
  std::vector<std::string_view> names;
  for (const Column& column : columns) names.push_back(column.name);
  std::ranges::sort(names);
  return std::ranges::adjacent_find(names) != names.end();
}

}  // namespace

Execution::Execution(Session& session, const Query& query, const pool::ExecuteOptions& options,
                     User user, Place place)
    : session_(session),
      sink_(user.sink),
      done_(std::move(user.done)),
      started_(session.loop.now()),
      timeout_(std::chrono::ceil<std::chrono::milliseconds>(options.timeout)),
      internal_(options.internal),
      in_session_(options.in_session),
      second_try_(options.second_try),
      place_(place),
      read_only_(query.read_only),
      unique_names_(query.unique_column_names),
      max_rows_(query.max_rows) {
  if (timeout_.count() <= 0) timeout_ = session_.statement_timeout;
  start(query);
}

void Execution::start(const Query& query) {
  force_types(query.params);
  if (names_to_find_.empty()) prepared_ = session_.cache.find(query.sql, forced_types_);
  from_cache_ = prepared_ != nullptr;
  traits_ = prepared_ ? prepared_->traits : classify(query.sql);
  if (Status admitted = admit(query); !admitted) return refuse(admitted.error());
  if (place_ == Place::kInTransaction) return set_up_in_transaction(query);
  if (prepared_) {
    Status fits = session_.values.encode(query.params, prepared_->parameter_types, *session_.types);
    if (fits) fits = check_names();
    if (!fits) return refuse(fits.error());
    encoded_ = true;
  } else {
    begin_building(query.sql);
    params_ = query.params;
  }
  in_transaction_ = place_ == Place::kAlone && session_.in_transaction();
  session_.used = true;
  if (place_ != Place::kBehindOthers) {
    send_deallocations();
    send_session_settings();
    send_settings();
  }
  if (prepared_) return send_statement();
  if (!names_to_find_.empty()) return send_lookup();
  send_prepare();
}

void Execution::begin_building(const std::string& sql) {
  building_ = std::make_shared<PreparedStatement>();
  building_->sql = sql;
  building_->traits = traits_;
}

Status Execution::admit(const Query& query) const {
  if (Status text = from_cache_ ? Status() : check_sql(query.sql); !text) return text;
  if (Status texts = check_texts(query.params); !texts) return texts;
  if (traits_.empty)
    return fail(invalid_request("there is no SQL statement", {{"sql", "write one statement"}}));
  const bool may_pass = internal_ || (in_session_ && traits_.needs_session);
  if (traits_.refusal && !may_pass) return fail(invalid_request(traits_.refusal));
  if (query.read_only && traits_.may_commit)
    return fail(invalid_request(
        "CALL and DO may commit, which would end the read-only transaction; run it without "
        "read_only, or call a function with SELECT"));
  return {};
}

void Execution::force_types(const std::vector<Param>& params) {
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].type.empty()) continue;
    forced_types_.resize(params.size());
    if (const TypeInfo* type = session_.types->find(params[i].type)) {
      forced_types_[i] = type->oid;
    } else {
      names_to_find_.push_back(params[i].type);
    }
  }
}

/// In a group of its own: a failure there must not touch the statement.
void Execution::send_deallocations() {
  if (in_transaction_ || !session_.cache.has_evicted()) return;
  for (const std::string& name : session_.cache.take_evicted()) {
    expect(session_.pipeline.run_unprepared(Step::kHousekeeping, "DEALLOCATE " + name, {}));
    sync();
  }
}

void Execution::send_session_settings() {
  if (!session_.settings_in_each_group || traits_.refuses_block) return;
  if (in_transaction_ && place_ != Place::kInTransaction) return;
  ParameterValues values;
  std::string sql;
  for (const auto& [name, value] : session_.settings_to_repeat) {
    const auto first = std::to_string(values.count() + 1);
    values.add(name);
    sql += (sql.empty() ? "SELECT" : ",") + (" pg_catalog.set_config($" + first + ", $") +
           std::to_string(values.count() + 1) + ", true)";
    values.add(value);
  }
  expect(session_.pipeline.run_unprepared(Step::kSettings, sql, values));
}

/// Each holds until the end of the group, which is the statement's implicit transaction.
void Execution::send_settings() {
  // Nothing in a batch can write, whatever hides in a view: so that all of it can be run again.
  const bool read_only = read_only_ || place_ == Place::kFirst;
  if (traits_.refuses_block && !read_only) return;
  if (!read_only && !in_transaction_ && timeout_ == session_.statement_timeout) return;
  ParameterValues values;
  values.add(std::to_string(timeout_.count()));
  const char* sql = read_only ? kSetReadOnly : kSetTimeout;
  if (session_.cache.capacity() == 0)
    return expect(session_.pipeline.run_unprepared(Step::kSettings, sql, values));
  std::string& name = read_only ? session_.read_only_statement : session_.timeout_statement;
  if (name.empty()) {
    name = session_.cache.new_name();
    expect(session_.pipeline.prepare(Step::kSettings, name, sql, {}));
  }
  expect(session_.pipeline.run(Step::kSettings, name, values));
}

void Execution::send_lookup() {
  ParameterValues values;  // the statement's own are kept for when it is prepared anew
  values.add(literal_of(types_to_find_));
  values.add(literal_of(names_to_find_));
  expect(session_.pipeline.run_unprepared(Step::kTypes, TypeCatalog::lookup_sql(), values));
  expect(session_.pipeline.flush_request());
}

void Execution::send_prepare() {
  const bool cached = session_.cache.capacity() > 0 && worth_keeping(building_->sql);
  building_->name = cached ? session_.cache.new_name() : "";
  building_->forced_types = forced_types_;
  expect(session_.pipeline.prepare(Step::kPrepare, building_->name, building_->sql, forced_types_));
  expect(session_.pipeline.describe(building_->name));
  expect(session_.pipeline.flush_request());
}

void Execution::send_statement() {
  session_.dirty |= !traits_.clean;
  session_.stale |= traits_.stales_statements;
  sent_ = true;
  collects_ = is_small();
  const Step step = collects_ ? Step::kSmallStatement : Step::kStatement;
  expect(session_.pipeline.run(step, prepared_->name, session_.values));
  if (commits_after_rows()) return expect(session_.pipeline.flush_request());
  ending_ = true;
  if (place_ == Place::kAlone) sync();
}

/// A server that sends the rows of INSERT … RETURNING hears of no cancel, and would commit with the
/// Sync that it has. So a write that streams gets that when its rows are there.
bool Execution::commits_after_rows() const {
  return place_ == Place::kAlone && sink_.may_pause() && !harmless() && !in_transaction_ &&
         !traits_.refuses_block && !traits_.may_commit;
}

/// Known to be small, and a read: if it is not small after all, it is cancelled and run again.
bool Execution::is_small() const {
  return from_cache_ && harmless() && traits_.clean && !in_transaction_ && !second_try_ &&
         !internal_ && prepared_->usual_bytes && *prepared_->usual_bytes <= kSmall &&
         !sink_.may_pause();
}

void Execution::refuse(Error error) {
  failure_ = std::move(error);
  ending_ = true;
}

void Execution::give_up(Error error) {
  failure_ = std::move(error);
  end_group();
}

void Execution::end_group() {
  if (std::exchange(ending_, true) || place_ == Place::kInTransaction) return;
  sync();
}

void Execution::sync() {
  ++syncs_;
  expect(session_.pipeline.sync());
}

void Execution::expect(bool sent) {
  if (sent || unusable_) return;
  unusable_ = lost_session_error(one_line(PQerrorMessage(&session_.connection)));
  unusable_->outcome = outcome_if_lost();
}

void Execution::on_answer(const Pipeline::Answer& answer) {
  const PGresult* result = answer.result.get();
  if (!result) return on_step_end(answer.step);
  const ExecStatusType status = PQresultStatus(result);
  const bool failed = status == PGRES_PIPELINE_ABORTED || status == PGRES_FATAL_ERROR;
  if (failed && answer.step == Step::kSettings) session_.forget_settings();
  if (status == PGRES_PIPELINE_ABORTED) return on_skipped();
  if (status == PGRES_FATAL_ERROR) return on_failure(answer.step, *result);
  switch (answer.step) {
    case Step::kDescribe:
      return on_described(*result);
    case Step::kTypes:
      // A server that answers something else knows no such types: they are text to us.
      if (PQnfields(result) != kTypeColumns) return;
      for (int row = 0; row < PQntuples(result); ++row)
        found_types_.push_back(type_row(*result, row));
      return;
    case Step::kStatement:
    case Step::kSmallStatement:
      return on_statement_answer(*result);
    case Step::kSync:
      return on_sync();
    default:
      return;
  }
}

void Execution::on_described(const PGresult& result) {
  building_->parameter_types.clear();
  for (int i = 0; i < PQnparams(&result); ++i)
    building_->parameter_types.push_back(PQparamtype(&result, i));
  building_->columns = columns_of(result);
  building_->has_result = PQnfields(&result) > 0;
  building_->duplicate_names = has_duplicates(building_->columns);
}

void Execution::on_step_end(Step step) {
  if (unusable_) return;
  if (unanswered_ || skipped_) return;
  if (failure_) return end_group();
  if (step == Step::kDescribe) after_describe();
  if (step == Step::kTypes) after_types();
  if (is_statement(step) && !ending_ && place_ == Place::kAlone) commit_or_undo();
}

void Execution::after_describe() {
  types_to_find_.clear();
  const auto note = [this](TypeOid oid) {
    if (oid != 0 && !session_.types->find(oid)) types_to_find_.push_back(oid);
  };
  for (const Column& column : building_->columns) note(column.oid);
  for (const TypeOid oid : building_->parameter_types) note(oid);
  const bool is_asked_again = place_ == Place::kInTransaction;
  if (!types_to_find_.empty()) return is_asked_again ? void() : send_lookup();
  for (Column& column : building_->columns) {
    const TypeInfo* type = session_.types->find(column.oid);
    if (!type) continue;
    column.type = type->name;
    column.kind = type->kind;
    column.array = type->is_array();
    column.nested_arrays = type->nested_arrays;
    column.delimiter = type->delimiter;
  }
  prepared_ = building_;
  if (!prepared_->name.empty()) session_.cache.insert(prepared_);
  Status ready = check_names();
  if (ready && place_ == Place::kInTransaction) return;  // until it is told to `send`
  if (ready && !encoded_)
    ready = session_.values.encode(params_, prepared_->parameter_types, *session_.types);
  if (!ready) return give_up(ready.error());
  if (cancelled_) {
    Error error;
    error.code = ErrorCode::kCancelled;
    error.message = "the call was cancelled before the statement was run";
    return give_up(std::move(error));
  }
  send_statement();
}

void Execution::after_types() {
  session_.types->learn(std::exchange(found_types_, {}), types_to_find_);
  for (const std::string& name : names_to_find_) {
    if (!session_.types->find(name)) return give_up(unknown_type(name));
  }
  if (!names_to_find_.empty()) {
    names_to_find_.clear();
    force_types(params_);
    return place_ == Place::kInTransaction ? void() : send_prepare();
  }
  // The lookup has replaced the unnamed statement.
  if (building_->name.empty() && place_ != Place::kInTransaction) return send_prepare();
  after_describe();
}

Status Execution::check_names() const {
  if (!unique_names_ || !prepared_->duplicate_names) return {};
  return fail(invalid_request(
      "two columns of the result have the same name, so that rows cannot be objects",
      {{"sql", "name them differently (… AS other_name), or ask for rows as arrays"}}));
}

void Execution::on_sync() {
  if (place_ != Place::kAlone) return;
  if (--syncs_ > 0 || !ending_) return;  // of the deallocations before
  repairing_ ? repair() : note_duration();
}

/// Only of those that ran alone: for the others it would include the wait for those in front.
void Execution::note_duration() {
  if (failure_ || prepared_->name.empty()) return;
  const auto took = session_.loop.now() - started_;
  auto& usual = prepared_->usual_duration;
  if (!usual || took <= prepared_->quickest ||
      session_.loop.now() - prepared_->quickest_at > kQuickestFor) {
    prepared_->quickest = took;
    prepared_->quickest_at = session_.loop.now();
  }
  usual = usual ? (*usual * 7 + took) / 8 : took;
}

std::optional<Execution::ShortRead> Execution::short_read(Session& session, const Query& query) {
  const auto forced = [](const Param& param) { return !param.type.empty(); };
  if (std::ranges::any_of(query.params, forced)) return std::nullopt;
  const PreparedPtr known = session.cache.find(query.sql, {});
  if (!known || !known->traits.reads || known->writes_all_the_same) return std::nullopt;
  if (!known->usual_bytes || *known->usual_bytes > kShortResult) return std::nullopt;
  if (!known->usual_duration || *known->usual_duration >= kShort) return std::nullopt;
  return ShortRead{*known->usual_duration, known->quickest};
}

}  // namespace sluice::postgres
