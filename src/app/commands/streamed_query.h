#pragma once

#include "app/client/failure.h"
#include "app/client/gateway.h"
#include "app/commands/query_options.h"
#include "app/commands/session.h"

namespace sluice::app::commands {

/// Whether the rows are written while they come: no memory is needed for the whole.
[[nodiscard]] bool is_streamed(const QueryOptions& options, Format format);
/// Asks for the result as a stream, and writes it. A result that breaks off is a failure; whoever
/// stops reading ends it, and the statement, in silence.
[[nodiscard]] client::Outcome<client::ExitStatus> run_streamed(Session& session,
                                                               const QueryOptions& options,
                                                               client::Request request);

}  // namespace sluice::app::commands
