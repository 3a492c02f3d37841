#pragma once

#include <functional>

#include "app/log_sink.h"
#include "config/config.h"

namespace sluice::app {

/// Reads the configuration again, for SIGHUP and the API.
using Reload = std::function<config::LoadResult()>;

/// Blocks the signals that `serve` waits for. Called before any thread is started: threads inherit
/// it.
void block_stop_signals();

/// Builds the object graph, serves until SIGTERM or SIGINT, drains, and gives the process' exit
/// status. SIGHUP, and an order of the API, take over what `read_again` gives, if that has no
/// mistakes. Blocks.
[[nodiscard]] int serve(const config::LoadResult& loaded, Log& log, const Reload& read_again);

}  // namespace sluice::app
