// Callbacks and listeners that call the pool again.
#include "unit/pool/pool_bench.h"

namespace sluice::pool {
namespace {

class PoolReentry : public PoolBench {
 protected:
  base::Deadline patience() { return base::Deadline::after(loop.now(), seconds(5)); }
};

TEST_F(PoolReentry, ALeaseMayBeDroppedInsideTheCallback) {
  int served = 0;
  for (int i = 0; i < 10; ++i) {
    pool().acquire(patience(), [&](Result<Lease> lease) { served += lease.has_value(); });
  }
  loop.run_posted();
  EXPECT_EQ(served, 10);
  EXPECT_EQ(stats().used, 0);
  EXPECT_LE(database.opened(), 3);
}

TEST_F(PoolReentry, ACallbackMayAskAgain) {
  options.max_size = 1;
  Lease second;
  auto& other = ask();  // opens the connection
  pool().acquire(patience(), [&](Result<Lease> first) {
    ASSERT_TRUE(first);
    pool().acquire(patience(), [&](Result<Lease> lease) { second = std::move(*lease); });
    EXPECT_FALSE(second);
  });
  loop.run_posted();
  other.lease.release();
  EXPECT_TRUE(second);
  second.release();
}

TEST_F(PoolReentry, ACallbackThatAsksAgainGoesToTheEndOfTheQueue) {
  options.max_size = 1;
  auto& holder = borrow();
  std::vector<int> order;
  Lease kept;
  pool().acquire(patience(), [&](const Result<Lease>&) {
    order.push_back(1);
    pool().acquire(patience(), [&](Result<Lease> lease) {
      order.push_back(3);
      kept = std::move(*lease);
    });
  });
  pool().acquire(patience(), [&](const Result<Lease>&) { order.push_back(2); });
  holder.lease.release();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  kept.release();
}

TEST_F(PoolReentry, ACallbackMayCancelOthers) {
  options.max_size = 1;
  auto& holder = borrow();
  WaiterId victim = 0;
  bool told = false;
  pool().acquire(patience(), [&](const Result<Lease>&) { pool().cancel(victim); });
  victim = pool().acquire(patience(), [&](const Result<Lease>&) { told = true; });
  auto& last = ask();
  holder.lease.release();
  EXPECT_FALSE(told);
  EXPECT_TRUE(last.served());
}

TEST_F(PoolReentry, WhoAsksAgainWhileWaitersAreFailedIsNotFailedForEver) {
  options.max_size = 1;
  auto& holder = borrow();
  int failures = 0;
  std::function<void()> insist = [&] {
    pool().acquire(patience(), [&](const Result<Lease>& lease) {
      if (lease) return;
      ++failures;
      insist();
    });
  };
  insist();
  insist();
  pool().fail_waiters(Error{});
  EXPECT_EQ(failures, 2);
  EXPECT_EQ(stats().waiting, 2);
  holder.lease.release();
  EXPECT_EQ(stats().waiting, 0);
}

TEST_F(PoolReentry, AFailedWaiterMayCancelTheNext) {
  options.max_size = 1;
  borrow();
  WaiterId victim = 0;
  bool told = false;
  pool().acquire(patience(), [&](const Result<Lease>&) { pool().cancel(victim); });
  victim = pool().acquire(patience(), [&](const Result<Lease>&) { told = true; });
  pool().fail_waiters(Error{});
  EXPECT_FALSE(told);
  EXPECT_EQ(stats().waiting, 0);
}

TEST_F(PoolReentry, TheListenerMayPauseOrFailWaitersInTheMiddle) {
  options.max_size = 2;
  auto& a = borrow();
  borrow();
  auto& waiter = ask();
  listener.also = [&](PoolEvent event) {
    if (event == PoolEvent::kReleased) pool().fail_waiters(Error{});
  };
  a.lease.release();
  EXPECT_EQ(waiter.answers, 1);
  EXPECT_FALSE(waiter.served());
  EXPECT_EQ(stats().idle, 1);
}

TEST_F(PoolReentry, TheListenerMayRenewWhileAConnectionIsClosed) {
  warm(3);
  bool once = false;
  listener.also = [&](PoolEvent event) {
    if (event == PoolEvent::kClosed && !std::exchange(once, true)) pool().renew();
  };
  database.connections()[1]->lose();
  EXPECT_EQ(stats().idle, 0);
  EXPECT_EQ(closed("renewed"), 2);
}

TEST_F(PoolReentry, ACallbackMayDrainThePool) {
  bool drained = false;
  pool().acquire(patience(), [&](const Result<Lease>&) { pool().drain([&] { drained = true; }); });
  auto& other = ask();
  loop.run_posted();
  EXPECT_EQ(other.code(), ErrorCode::kDraining);
  EXPECT_TRUE(drained);
}

TEST_F(PoolReentry, WhoAsksAgainWithNewCredentialsInsideTheRefusalIsServed) {
  database.connects.next(Answer::fails(testing::rejected_credentials()));
  Lease lease;
  pool().acquire(patience(), [&](const Result<Lease>& refused) {
    ASSERT_FALSE(refused);
    pool().replace_connector(database.connector(loop));
    pool().acquire(patience(), [&](Result<Lease> got) { lease = std::move(*got); });
  });
  loop.run_posted();
  EXPECT_TRUE(lease);
  lease.release();
}

TEST_F(PoolReentry, ATimedOutCallerMayAskAgain) {
  options.max_size = 1;
  borrow();
  int timeouts = 0;
  std::function<void()> insist = [&] {
    pool().acquire(patience(), [&](const Result<Lease>& lease) {
      if (!lease && ++timeouts < 3) insist();
    });
  };
  insist();
  loop.advance(seconds(15));
  EXPECT_EQ(timeouts, 3);
}

TEST_F(PoolReentry, AWaiterThatHoldsALeaseMayBeCancelled) {
  options.max_size = 1;
  auto& holder = borrow();
  auto kept = std::make_shared<Lease>(std::move(holder.lease));
  auto& waiter = ask();
  const auto id = pool().acquire(patience(), [kept](const Result<Lease>&) {});
  kept.reset();
  pool().cancel(id);  // destroys the function, and with it the lease
  EXPECT_TRUE(waiter.served());
}

TEST_F(PoolReentry, AConnectionThatWasTakenForAWaiterThatLeavesIsKept) {
  options.pre_ping = PrePing::kNever;
  auto& old = borrow();
  loop.advance(minutes(5));
  give_back(borrow());
  give_back(old);
  pool().pause();
  auto& waiter = ask();
  options.max_lifetime = minutes(4);
  pool().configure(options);
  listener.also = [&](PoolEvent event) {
    if (event == PoolEvent::kClosed) pool().cancel(waiter.id);
  };
  pool().resume();
  EXPECT_EQ(waiter.answers, 0);
  EXPECT_EQ(closed("lifetime"), 1);
  EXPECT_EQ(stats().idle, 1);
  EXPECT_EQ(stats().used, 0);
}

}  // namespace
}  // namespace sluice::pool
