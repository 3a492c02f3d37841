#pragma once

#include <pistache/http_defs.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"

namespace sluice::http {

/// Who looks at a request's Origin and Content-Type.
enum class Entry {
  kCommon,  ///< the dispatcher, by the rules of the API
  kOwn,     ///< the route's handler
};

/// Says that pages of any origin may read the answer.
inline constexpr std::string_view kAnyPage = "Access-Control-Allow-Origin: *\r\n";

/// Which handler answers which method and path. Filled at start, read by all workers afterwards.
/// Lookups use Pistache's segment tree, one per method; path parameters are percent-decoded by us.
class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Pattern: "/query/:db_id".
  void add(Pistache::Http::Method method, std::string pattern, Handler handler,
           Entry entry = Entry::kCommon);

  struct Match {
    const Handler* handler = nullptr;  ///< null: no such route or method
    Entry entry = Entry::kCommon;      ///< of the path, if only the method is wrong
    std::string route;
    std::map<std::string, std::string> path_parameters;
    std::vector<Pistache::Http::Method> allowed;  ///< filled when only the method is wrong
  };
  /// `raw_path`: as it came, still percent-encoded, without the query string.
  [[nodiscard]] Match find(Pistache::Http::Method method, std::string_view raw_path) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::http
