#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/settings.h"
#include "json/document.h"
#include "json/fields.h"
#include "sluice/options.h"

namespace sluice::json {

/// The fields of a request that `read_options` reads.
inline constexpr std::array<std::string_view, 8> kOptionFields{
    "pool", "query", "breaker", "session", "routing", "sessions", "labels", "required"};

/// Reads the sections pool, query, breaker, session, routing and sessions (names and bounds:
/// base/settings.h), labels and required into the options; what is not given stays. Labels and
/// session.settings that are given replace all that were there.
void read_options(Fields& fields, DatabaseOptions& options);

/// Reads one setting from a member of `fields`, which may have another name than the setting.
void read_setting(Fields& fields, const base::Setting& setting, const base::SettingAlias& as,
                  DatabaseOptions& options);

/// Adds contradictions between settings to the mistakes; once everything is read.
void check_options(const DatabaseOptions& options, Mistakes& mistakes);

/// An object of labels: {"region": "eu"}.
[[nodiscard]] std::map<std::string, std::string> read_labels(const Value& object,
                                                             const std::string& name,
                                                             Mistakes& mistakes);

}  // namespace sluice::json
