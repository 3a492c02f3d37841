#include "postgres/pipeline.h"

#include <utility>

namespace sluice::postgres {

bool Pipeline::prepare(Step step, const std::string& name, const std::string& sql,
                       const std::vector<TypeOid>& types) {
  return sent(PQsendPrepare(&connection_, name.c_str(), sql.c_str(), static_cast<int>(types.size()),
                            types.empty() ? nullptr : types.data()),
              step);
}

bool Pipeline::describe(const std::string& name) {
  return sent(PQsendDescribePrepared(&connection_, name.c_str()), Step::kDescribe);
}

bool Pipeline::run(Step step, const std::string& name, const ParameterValues& values) {
  return sent(PQsendQueryPrepared(&connection_, name.c_str(), values.count(), values.pointers(),
                                  nullptr, nullptr, 0),
              step);
}

bool Pipeline::run_unprepared(Step step, const std::string& sql, const ParameterValues& values) {
  return sent(PQsendQueryParams(&connection_, sql.c_str(), values.count(), nullptr,
                                values.pointers(), nullptr, nullptr, 0),
              step);
}

bool Pipeline::flush_request() { return PQsendFlushRequest(&connection_) == 1; }

bool Pipeline::sync() { return sent(PQpipelineSync(&connection_), Step::kSync); }

bool Pipeline::sent(int accepted, Step step) {
  if (accepted != 1) return false;
  steps_.push_back(step);
  if (steps_.size() == 1) begin_step();
  return true;
}

std::optional<Pipeline::Answer> Pipeline::next() {
  for (bool nothing = false; !steps_.empty() && !PQisBusy(&connection_);) {
    const Step step = steps_.front();
    ResultPtr result(PQgetResult(&connection_));
    // An error while committing belongs to the Sync, which is still to come then.
    const bool ended =
        step == Step::kSync ? PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC : !result;
    if (ended) {
      steps_.pop_front();
      begin_step();
    }
    if (result || ended) return Answer{step, std::move(result)};
    if (std::exchange(nothing, true)) break;  // out of step with libpq: better stuck than spinning
  }
  return std::nullopt;
}

/// Row by row, so that a limit acts before memory is used.
void Pipeline::begin_step() {
  if (!steps_.empty() && steps_.front() == Step::kStatement) PQsetSingleRowMode(&connection_);
}

}  // namespace sluice::postgres
