#pragma once

#include <string>

#include "app/client/failure.h"
#include "app/client/gateway.h"
#include "app/commands/query_options.h"
#include "app/commands/session.h"
#include "json/document.h"

namespace sluice::app::commands {

/// Why a request was refused.
[[nodiscard]] client::Failure refusal_of(client::Reply reply, const QueryOptions& options);
/// The answer cannot be read; it can be written as it is.
[[nodiscard]] client::Failure unreadable(const client::Failure& why);
/// "1 row".
[[nodiscard]] std::string rows_text(double count);
/// Tells people how a statement ended, and everybody that there are more rows.
void tell_end(Session& session, const json::Value& result);
/// Why a database that was asked with others gave nothing.
[[nodiscard]] client::ExitStatus tell_failed_leg(Session& session, const json::Value& leg);
/// Says so if a database that was asked with others has more rows.
void tell_cut_leg(Session& session, const json::Value& leg);

}  // namespace sluice::app::commands
