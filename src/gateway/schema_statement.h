#pragma once

namespace sluice::gateway {

/// Reads what a database holds, as rows of (list, entry).
extern const char* const kSchemaStatement;

}  // namespace sluice::gateway
