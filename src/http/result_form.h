#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sluice::http {

/// What a result is given as.
enum class ResultForm { kJson, kNdjson, kCsv };

/// The offered form that the client likes best; JSON where it does not care. A stream only where it
/// is named: "*/*" means an answer in one piece. Empty: it accepts none of them.
[[nodiscard]] std::optional<ResultForm> result_form(std::string_view accept,
                                                    std::span<const ResultForm> offered);

}  // namespace sluice::http
