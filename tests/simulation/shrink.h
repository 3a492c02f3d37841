#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace sluice::simulation {

/// Takes away as much of a list as possible while `fails` stays true: halves first, then quarters,
/// and so on down to single items (Zeller and Hildebrandt's delta debugging). No single item of the
/// result can be missed.
template <typename Item>
std::vector<Item> shrink(std::vector<Item> items,
                         const std::function<bool(const std::vector<Item>&)>& fails) {
  std::size_t size = std::max<std::size_t>(items.size() / 2, 1);
  while (!items.empty()) {
    bool shrunk = false;
    for (std::size_t begin = 0; begin < items.size();) {
      const auto from = items.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto length = std::min(size, items.size() - begin);
      std::vector<Item> fewer(items.begin(), from);
      fewer.insert(fewer.end(), from + static_cast<std::ptrdiff_t>(length), items.end());
      if (fails(fewer)) {
        items = std::move(fewer);
        shrunk = true;
      } else {
        begin += length;
      }
    }
    if (size == 1 && !shrunk) break;
    size = std::max<std::size_t>(size / 2, 1);
  }
  return items;
}

}  // namespace sluice::simulation
