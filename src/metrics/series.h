#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/families.h"

/// The usual shapes of families over all databases.
namespace sluice::metrics {

using Databases = std::vector<DatabaseStats>;

[[nodiscard]] inline Labels with(Labels labels, std::string_view name, std::string value) {
  labels.emplace_back(name, std::move(value));
  return labels;
}
[[nodiscard]] inline Labels database_label(const DatabaseStats& stats) {
  return {{"database", stats.db_id}};
}
/// OpenTelemetry names a pool, and we a database: the same value, so that both kinds can be joined.
[[nodiscard]] inline Labels pool_labels(const DatabaseStats& stats) {
  return {{"db_client_connection_pool_name", stats.db_id}, {"database", stats.db_id}};
}

/// One series per database: the value of `value`.
template <typename Value>
Family each(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) {
    family.add(database_label(stats), static_cast<double>(value(stats)));
  }
  return family;
}
template <typename Value>
Family each_pool(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) {
    family.add(pool_labels(stats), static_cast<double>(value(stats)));
  }
  return family;
}
/// Only where there is a value.
template <typename Value>
Family each_known(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) {
    if (const std::optional<double> known = value(stats)) family.add(database_label(stats), *known);
  }
  return family;
}
/// One histogram per pool.
template <typename Value>
Family each_histogram(Family family, const Databases& databases, const Value& value) {
  for (const DatabaseStats& stats : databases) family.add(pool_labels(stats), value(stats));
  return family;
}
/// One series per database and kind.
template <typename Counts>
Family each_kind(Family family, std::string_view label, const Databases& databases,
                 const Counts& counts) {
  for (const DatabaseStats& stats : databases) {
    for (const auto& [kind, count] : counts(stats)) {
      family.add(with(database_label(stats), label, std::string(kind)), static_cast<double>(count));
    }
  }
  return family;
}

}  // namespace sluice::metrics
