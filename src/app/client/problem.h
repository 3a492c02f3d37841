#pragma once

#include <string_view>

#include "app/client/failure.h"
#include "json/document.h"

namespace sluice::app::client {

/// The exit status for a problem document.
[[nodiscard]] ExitStatus status_of(const json::Value& problem);
/// What a problem document says, for people: the detail, the hint, what to do. `sql`, where known,
/// lets it point at the place.
[[nodiscard]] Failure describe_problem(const json::Value& problem, std::string_view sql = {});
/// The member as text; empty when it is missing or null.
[[nodiscard]] std::string_view text_at(const json::Value& value, std::string_view key);

}  // namespace sluice::app::client
