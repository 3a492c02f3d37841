#include "pool/client_table.h"

#include <gtest/gtest.h>

namespace sluice::pool {
namespace {

TEST(Clients, AreRememberedWhileTheyHaveSomething) {
  ClientTable clients;
  Client& holder = clients.of(7);
  holder.lent = 1;
  clients.of(8).waiting = 1;
  for (ClientId id = 100; id < 10'000; ++id) clients.of(id);
  EXPECT_EQ(&clients.of(7), &holder);
  EXPECT_EQ(holder.lent, 1);
  EXPECT_EQ(clients.of(8).waiting, 1);
}

TEST(Clients, ThatComeOnceAreForgotten) {
  ClientTable clients;
  for (ClientId id = 0; id < 100'000; ++id) {
    clients.of(id);
    ASSERT_LE(clients.size(), 256U);
  }
}

TEST(Clients, ManyThatHoldSomethingAreKept) {
  ClientTable clients;
  for (ClientId id = 0; id < 1'000; ++id) clients.of(id).lent = 1;
  EXPECT_EQ(clients.size(), 1'000U);
  for (ClientId id = 0; id < 1'000; ++id) ASSERT_EQ(clients.of(id).lent, 1);
}

}  // namespace
}  // namespace sluice::pool
