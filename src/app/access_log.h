#pragma once

#include "app/log_sink.h"
#include "http/server.h"

namespace sluice::app {

/// Writes one line about an answered request: never its SQL, its parameters, its query string or
/// its credentials.
void log_access(Log& log, const http::AccessRecord& record);

}  // namespace sluice::app
