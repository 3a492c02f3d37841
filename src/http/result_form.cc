#include "http/result_form.h"

#include <algorithm>

#include "http/content_coding.h"

namespace sluice::http {
namespace {

double quality_of_json(std::string_view accept) {
  for (const std::string_view type : {"application/json", "application/*", "*/*"}) {
    const double quality = quality_of(accept, type);
    if (quality >= 0) return quality;
  }
  return 0;
}

double liking(std::string_view accept, ResultForm form) {
  switch (form) {
    case ResultForm::kJson:
      return quality_of_json(accept);
    case ResultForm::kNdjson:
      return std::max({quality_of(accept, "application/x-ndjson"),
                       quality_of(accept, "application/ndjson"), 0.0});
    case ResultForm::kCsv:
      return std::max(quality_of(accept, "text/csv"), 0.0);
  }
  return 0;
}

}  // namespace

std::optional<ResultForm> result_form(std::string_view accept,
                                      std::span<const ResultForm> offered) {
  if (accept.empty()) return ResultForm::kJson;
  const auto best = std::ranges::max_element(
      offered, {}, [accept](ResultForm form) { return liking(accept, form); });
  if (best == offered.end() || liking(accept, *best) <= 0) return std::nullopt;
  return *best;
}

}  // namespace sluice::http
