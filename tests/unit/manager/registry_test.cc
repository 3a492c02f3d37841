#include "manager/registry.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/epoll_loop.h"

namespace sluice::manager {
namespace {

std::shared_ptr<Database> database(const std::string& db_id) {
  auto made = std::make_shared<Database>();
  made->db_id = db_id;
  return made;
}

TEST(Registry, FindsWhatWasInsertedAndNothingElse) {
  Registry registry({});
  EXPECT_EQ(registry.find("a"), nullptr);
  EXPECT_TRUE(registry.insert(database("a")));
  EXPECT_FALSE(registry.insert(database("a")));
  ASSERT_NE(registry.find("a"), nullptr);
  registry.remove("a");
  EXPECT_EQ(registry.find("a"), nullptr);
}

TEST(Registry, ListsSortedById) {
  Registry registry({});
  for (const char* id : {"b", "c", "a"}) EXPECT_TRUE(registry.insert(database(id)));
  std::string ids;
  for (const auto& one : registry.all()) ids += one->db_id;
  EXPECT_EQ(ids, "abc");
}

TEST(Registry, AWorkersCacheForgetsWhatWasReplacedOrRemoved) {
  base::EpollLoop worker;
  Registry registry({&worker});
  EXPECT_EQ(registry.find("a", &worker), nullptr);
  const auto first = database("a");
  EXPECT_TRUE(registry.insert(first));
  EXPECT_EQ(registry.find("a", &worker), first);  // an absence is never cached
  const auto second = database("a");
  registry.replace(second);
  EXPECT_EQ(registry.find("a", &worker), second);
  registry.remove("a");
  EXPECT_EQ(registry.find("a", &worker), nullptr);
}

/// Two workers with caches of their own, each on its thread.
class RegistryOnWorkers : public ::testing::Test {
 protected:
  RegistryOnWorkers() : registry({&loops[0], &loops[1]}) {
    for (auto& loop : loops) threads.emplace_back([&loop] { loop.run(); });
  }
  ~RegistryOnWorkers() override {
    for (auto& loop : loops) loop.stop();
    for (auto& thread : threads) thread.join();
  }

  bool found_on(std::size_t worker, const std::string& db_id) {
    std::promise<bool> found;
    loops[worker].post([&] { found.set_value(registry.find(db_id, &loops[worker]) != nullptr); });
    return found.get_future().get();
  }

  base::EpollLoop loops[2];
  Registry registry;
  std::vector<std::thread> threads;
};

TEST_F(RegistryOnWorkers, WhatOneThreadRegisteredEveryWorkerFindsAtOnceTenThousandTimes) {
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = "db" + std::to_string(i % 7);
    ASSERT_TRUE(registry.insert(database(id)));
    ASSERT_TRUE(found_on(static_cast<std::size_t>(i % 2), id)) << i;
    registry.remove(id);
    ASSERT_FALSE(found_on(static_cast<std::size_t>(i % 2), id)) << i;
  }
}

}  // namespace
}  // namespace sluice::manager
