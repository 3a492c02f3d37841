#pragma once

#include <array>
#include <optional>
#include <span>

#include "gateway/gateway.h"
#include "http/api.h"
#include "http/result_form.h"

namespace sluice::http {

/// What the result of a single statement can be given as.
inline constexpr std::array kOfStatements{ResultForm::kJson, ResultForm::kNdjson, ResultForm::kCsv};

/// What the result is given as; if there is no such thing, the call has been answered.
[[nodiscard]] std::optional<ResultForm> wanted_form(const ApiCall& call,
                                                    std::span<const ResultForm> offered);
/// Runs a statement, and answers with its rows while they come, as NDJSON or CSV.
void respond_stream(const ApiCall& call, gateway::QueryService::Order order, ResultForm form);

}  // namespace sluice::http
