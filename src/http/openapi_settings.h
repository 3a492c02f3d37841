#pragma once

#include "json/writer.h"

namespace sluice::http {

/// A schema for each section of a database's settings ("PoolSettings", …), from their table.
void write_settings_schemas(json::Writer& writer);

}  // namespace sluice::http
