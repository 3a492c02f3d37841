#pragma once

#include "app/log_sink.h"
#include "gateway/query_watch.h"

namespace sluice::app {

/// One line for a statement that took long, whatever the level.
void log_slow_query(Log& log, const gateway::SlowQuery& slow);

}  // namespace sluice::app
