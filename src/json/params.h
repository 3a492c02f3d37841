#pragma once

#include <string>
#include <vector>

#include "json/document.h"
#include "json/fields.h"
#include "sluice/query.h"

namespace sluice::json {

/// Statement parameters from a JSON list. Numbers keep their digits, arrays keep their elements and
/// their JSON, objects are passed on as JSON text. An object with exactly the members "type" and
/// "value" forces a type: {"type": "int8", "value": "1"}; to pass such an object itself, wrap it:
/// {"type": "jsonb", "value": {"type": …, "value": …}}. Only the list's own elements can force one.
[[nodiscard]] std::vector<Param> decode_params(const Value& list, const std::string& name,
                                               Mistakes& mistakes);

}  // namespace sluice::json
