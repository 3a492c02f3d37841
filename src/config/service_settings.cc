#include "config/service_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>

#include "base/setting_text.h"
#include "config/listen_address.h"

namespace sluice::config {
namespace {

using Values = std::vector<std::string>;
using Mistake = std::optional<std::string>;

template <auto section, auto member>
auto& field(Config& config) {
  return config.*section.*member;
}
template <auto section, auto member>
const auto& field(const Config& config) {
  return config.*section.*member;
}

template <auto section, auto member, std::int64_t low, std::int64_t high>
constexpr ServiceSetting whole(std::string_view name) {
  return {name,
          false,
          {},
          [](Config& config, const Values& values) -> Mistake {
            const auto value = base::read_integer(values.front(), {low, high, {}});
            if (!value) return value.error();
            auto& target = field<section, member>(config);
            target = static_cast<std::remove_reference_t<decltype(target)>>(*value);
            return std::nullopt;
          },
          [](const Config& config) { return std::to_string(field<section, member>(config)); }};
}

template <auto member, std::int64_t low>
constexpr ServiceSetting duration(std::string_view name) {
  constexpr std::int64_t kDay = 86'400'000;
  return {name,
          false,
          {},
          [](Config& config, const Values& values) -> Mistake {
            const auto value = base::read_integer(values.front(), {low, kDay, "milliseconds"});
            if (!value) return value.error();
            config.server.*member = std::chrono::milliseconds(*value);
            return std::nullopt;
          },
          [](const Config& config) { return std::to_string((config.server.*member).count()); }};
}

template <auto section, auto member>
constexpr ServiceSetting list(std::string_view name) {
  return {name,
          true,
          {},
          [](Config& config, const Values& values) -> Mistake {
            for (const std::string& value : values) {
              const auto text = base::read_text(value, 255);
              if (!text) return text.error();
              if (value.empty()) return "must not contain empty entries";
            }
            field<section, member>(config) = values;
            return std::nullopt;
          },
          [](const Config& config) {
            return fmt::format("{}", fmt::join(field<section, member>(config), ","));
          }};
}

Mistake set_listen(Config& config, const Values& values) {
  auto wrong = check_listen_address(values.front());
  if (!wrong) config.server.listen = values.front();
  return wrong;
}

Mistake set_word(std::string& target, const std::string& word,
                 std::initializer_list<std::string_view> words) {
  if (std::find(words.begin(), words.end(), word) == words.end()) {
    return fmt::format("must be one of {}, not {}", fmt::join(words, ", "), base::in_quotes(word));
  }
  target = word;
  return std::nullopt;
}

Mistake set_level(Config& config, const Values& values) {
  return set_word(config.log.level, values.front(), {"debug", "info", "warn", "error"});
}

Mistake set_format(Config& config, const Values& values) {
  return set_word(config.log.format, values.front(), {"auto", "json", "text"});
}

template <auto member>
constexpr ServiceSetting log_switch(std::string_view name, std::span<const std::string_view> also) {
  return {name, false, also,
          [](Config& config, const Values& values) -> Mistake {
            const auto value = base::read_boolean(values.front());
            if (!value) return value.error();
            config.log.*member = *value;
            return std::nullopt;
          },
          [](const Config& config) { return std::string(config.log.*member ? "true" : "false"); }};
}

constexpr auto kServer = &Config::server;
constexpr std::array<std::string_view, 2> kPoolEventsNames{"DB_ECHO_POOL", "ENABLE_MONITORING"};

constexpr ServiceSetting kSettings[] = {
    {"server.listen",
     false,
     {},
     set_listen,
     [](const Config& config) { return config.server.listen; }},
    whole<kServer, &ServerConfig::workers, 0, 256>("server.workers"),
    whole<kServer, &ServerConfig::max_connections, 1, 1'000'000>("server.max_connections"),
    whole<kServer, &ServerConfig::max_head_bytes, 1'024, 1'048'576>("server.max_head_bytes"),
    whole<kServer, &ServerConfig::max_body_bytes, 1'024, 1'073'741'824>("server.max_body_bytes"),
    duration<&ServerConfig::head_timeout, 1>("server.head_timeout_ms"),
    duration<&ServerConfig::body_timeout, 1>("server.body_timeout_ms"),
    duration<&ServerConfig::idle_timeout, 1>("server.idle_timeout_ms"),
    duration<&ServerConfig::write_timeout, 1>("server.write_timeout_ms"),
    duration<&ServerConfig::drain_delay, 0>("server.drain_delay_ms"),
    duration<&ServerConfig::drain_timeout, 0>("server.drain_timeout_ms"),
    list<kServer, &ServerConfig::cors_origins>("server.cors_origins"),
    list<kServer, &ServerConfig::allowed_hosts>("server.allowed_hosts"),
    list<&Config::security, &SecurityConfig::connect_hosts>("security.connect_hosts"),
    {"log.level", false, {}, set_level, [](const Config& config) { return config.log.level; }},
    {"log.format", false, {}, set_format, [](const Config& config) { return config.log.format; }},
    log_switch<&LogConfig::access>("log.access", {}),
    log_switch<&LogConfig::pool_events>("log.pool_events", kPoolEventsNames),
};

}  // namespace

std::span<const ServiceSetting> service_settings() { return kSettings; }

}  // namespace sluice::config
