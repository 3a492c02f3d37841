#include "http/router.h"

#include <pistache/router.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "http/syntax.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;
using Pistache::Rest::Route;
using Pistache::Rest::SegmentTreeNode;

constexpr std::array kMethods{Method::Get,   Method::Head,   Method::Post,   Method::Put,
                              Method::Patch, Method::Delete, Method::Options};

/// The tree wants no slash at either end and no empty path.
std::string_view inner(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool is_findable(std::string_view inner_path) {
  return !inner_path.empty() && !inner_path.starts_with('/') && !inner_path.ends_with('/') &&
         inner_path.find("//") == std::string_view::npos;
}

}  // namespace

class Router::Impl {
 public:
  struct Endpoint {
    std::string pattern;
    Handler handler;
    Entry entry;
  };

  void add(Method method, const std::string& pattern, Handler handler, Entry entry) {
    MethodRoutes& routes = routes_[method];
    auto endpoint = std::make_unique<Endpoint>(Endpoint{pattern, std::move(handler), entry});
    const std::string_view path = inner(pattern);
    if (path.empty()) {
      routes.root = std::move(endpoint);
      return;
    }
    // The tree keeps views into a text that it owns together with us.
    const std::shared_ptr<char> text(new char[path.size()], std::default_delete<char[]>());
    std::memcpy(text.get(), path.data(), path.size());
    const std::string_view kept(text.get(), path.size());
    // Pistache's own handlers are never called: the route is only the key to our endpoint.
    routes.tree.addRoute(kept, Route::Handler(), text);
    const auto route = std::get<0>(routes.tree.findRoute(kept));
    if (!route) throw std::invalid_argument("a route that cannot be found again: " + pattern);
    routes.endpoints[route.get()] = std::move(endpoint);
  }

  /// A match without handler, for what only another method can be.
  void match_other(Method method, std::string_view path, Match* match) const {
    Match other;
    if (!this->match(method, path, &other)) return;
    match->allowed.push_back(method);
    match->entry = other.entry;
  }

  [[nodiscard]] bool match(Method method, std::string_view path, Match* match) const {
    const auto routes = routes_.find(method);
    if (routes == routes_.end()) return false;
    if (path.empty()) return routes->second.root && fill(*routes->second.root, {}, match);
    const auto [route, parameters, splats] = routes->second.tree.findRoute(path);
    if (!route) return false;
    return fill(*routes->second.endpoints.at(route.get()), parameters, match);
  }

 private:
  struct MethodRoutes {
    SegmentTreeNode tree;
    std::unordered_map<const Route*, std::unique_ptr<Endpoint>> endpoints;
    std::unique_ptr<Endpoint> root;  // "/", which the tree cannot hold
  };

  static bool fill(const Endpoint& endpoint,
                   const std::vector<Pistache::Rest::TypedParam>& parameters, Match* match) {
    for (const auto& parameter : parameters) {
      auto value = percent_decoded(parameter.as<std::string>());
      if (!value) return false;
      match->path_parameters[parameter.name().substr(1)] = std::move(*value);
    }
    match->handler = &endpoint.handler;
    match->entry = endpoint.entry;
    match->route = endpoint.pattern;
    return true;
  }

  std::unordered_map<Method, MethodRoutes> routes_;
};

Router::Router() : impl_(std::make_unique<Impl>()) {}
Router::~Router() = default;

void Router::add(Method method, std::string pattern, Handler handler, Entry entry) {
  impl_->add(method, pattern, std::move(handler), entry);
}

Router::Match Router::find(Method method, std::string_view raw_path) const {
  if (raw_path.find('%') != std::string_view::npos) {
    if (!percent_decoded(raw_path)) return {};
    const std::string plain = without_needless_escapes(raw_path);
    if (plain != raw_path) return find(method, plain);
  }
  Match match;
  const std::string_view path = inner(raw_path);
  if (!raw_path.starts_with('/') || (path.empty() ? raw_path != "/" : !is_findable(path))) {
    return match;
  }
  if (impl_->match(method, path, &match)) return match;
  for (Method other : kMethods) {
    if (other != method) impl_->match_other(other, path, &match);
  }
  return match;
}

}  // namespace sluice::http
