#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.h"
#include "config/config.h"

namespace sluice::config {

/// One setting of the process as a whole: a key of the sections server, security and log. Lists are
/// YAML lists, or separated by commas in the environment.
struct ServiceSetting {
  std::string_view name;  ///< "server.listen"
  base::SettingKind kind;
  std::int64_t minimum = 0;  ///< of numbers
  std::int64_t maximum = 0;
  bool is_list = false;
  std::span<const std::string_view> also;  ///< further environment variables
  std::string_view description;            ///< one sentence with the unit
  /// Takes the values (one, unless it is a list); the returned text says what is wrong.
  std::optional<std::string> (*set)(Config&, const std::vector<std::string>& values);
  std::string (*get)(const Config&);
  std::string_view words = {};  ///< of a word: "debug, info, warn, error"
};

/// Every such setting but security.api_keys, which is a list of maps.
[[nodiscard]] std::span<const ServiceSetting> service_settings();

}  // namespace sluice::config
