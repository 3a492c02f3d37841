#include "gateway/idempotency.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "support/simulated_loop.h"

namespace sluice::gateway {
namespace {

using Verdict = IdempotencyStore::Verdict;
using namespace std::chrono_literals;

OnceAnswer success(std::string body) {
  return {std::make_shared<const std::string>(std::move(body)), std::nullopt};
}

OnceAnswer failure(Outcome outcome, bool retryable = false) {
  return {nullptr, Error{.code = ErrorCode::kSqlError, .outcome = outcome, .retryable = retryable}};
}

class IdempotencyTest : public ::testing::Test {
 protected:
  Verdict begin(const std::string& key, const std::string& body = "body") {
    return store.begin({key, security::digest_of(body), loop, now},
                       [this](const OnceAnswer& answer) { answers.push_back(answer); });
  }
  void finish(const std::string& key, const OnceAnswer& answer) { store.finish(key, answer, now); }

  testing::SimulatedLoop loop;
  base::TimePoint now = loop.now();
  IdempotencyStore store{100'000};
  std::vector<OnceAnswer> answers;
};

TEST_F(IdempotencyTest, ANewKeyRunsAndItsRepeatGetsTheSameAnswer) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  finish("k", success("one"));
  ASSERT_EQ(begin("k"), Verdict::kAnswered);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(*answers.front().body, "one");
  EXPECT_EQ(begin("other"), Verdict::kRun);
}

TEST_F(IdempotencyTest, WhoComesWhileItRunsWaitsForTheFirst) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  ASSERT_EQ(begin("k"), Verdict::kWait);
  ASSERT_EQ(begin("k"), Verdict::kWait);
  finish("k", success("one"));
  EXPECT_TRUE(answers.empty()) << "on their own loops, not from inside the call";
  loop.run_posted();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(*answers.back().body, "one");
}

TEST_F(IdempotencyTest, TheSameKeyForAnotherBodyIsAMistakeAlways) {
  ASSERT_EQ(begin("k", "a"), Verdict::kRun);
  EXPECT_EQ(begin("k", "b"), Verdict::kOtherBody);
  finish("k", success("one"));
  EXPECT_EQ(begin("k", "b"), Verdict::kOtherBody);
  EXPECT_EQ(begin("k", "a"), Verdict::kAnswered);
}

TEST_F(IdempotencyTest, WhatHadNoEffectOrMayBeRepeatedIsForgotten) {
  for (const OnceAnswer& answer :
       {failure(Outcome::kNotStarted), failure(Outcome::kRolledBack, true)}) {
    ASSERT_EQ(begin("k"), Verdict::kRun);
    ASSERT_EQ(begin("k"), Verdict::kWait);
    finish("k", answer);
    loop.run_posted();
    EXPECT_TRUE(answers.back().error) << "who waited gets the same";
    EXPECT_EQ(store.bytes(), 0U);
  }
  EXPECT_EQ(begin("k", "and even another body"), Verdict::kRun);
}

TEST_F(IdempotencyTest, ADefiniteFailureIsAnsweredAgain) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  finish("k", failure(Outcome::kRolledBack));
  ASSERT_EQ(begin("k"), Verdict::kAnswered);
  EXPECT_EQ(answers.front().error->code, ErrorCode::kSqlError);
}

TEST_F(IdempotencyTest, WhatMayHaveHappenedIsNeverDoneAgain) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  finish("k", failure(Outcome::kUnknown));
  EXPECT_EQ(begin("k"), Verdict::kUnknown);
  EXPECT_EQ(begin("k"), Verdict::kUnknown);
}

TEST_F(IdempotencyTest, IsKeptForADayFromItsEnd) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  now += 1h;
  finish("k", success("one"));
  now += IdempotencyStore::kKeptFor - 1ns;
  EXPECT_EQ(begin("k"), Verdict::kAnswered);
  now += 1ns;
  EXPECT_EQ(begin("k"), Verdict::kRun);
}

TEST_F(IdempotencyTest, WhatRunsIsNotForgottenHoweverLong) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  now += 48h;
  EXPECT_EQ(begin("k"), Verdict::kWait);
}

TEST_F(IdempotencyTest, OfTheOldestAnswersOnlyTheFactIsKeptWhenMemoryRunsOut) {
  const std::string large(5'000, 'x');
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(begin("k" + std::to_string(i)), Verdict::kRun);
    finish("k" + std::to_string(i), success(large));
    ASSERT_LE(store.bytes(), 100'000U);
  }
  EXPECT_EQ(begin("k0"), Verdict::kNotKept);
  EXPECT_EQ(begin("k39"), Verdict::kAnswered);
}

TEST_F(IdempotencyTest, AnAnswerThatIsTooLargeIsNotKept) {
  ASSERT_EQ(begin("k"), Verdict::kRun);
  finish("k", success(std::string(7'000, 'x')));
  EXPECT_EQ(begin("k"), Verdict::kNotKept);
}

TEST_F(IdempotencyTest, ANewKeyIsRefusedBeforeAnOldOneIsForgotten) {
  int kept = 0;
  while (begin("k" + std::to_string(kept)) == Verdict::kRun) {
    finish("k" + std::to_string(kept), success("x"));
    ++kept;
    ASSERT_LT(kept, 1'000);
  }
  EXPECT_EQ(begin("k" + std::to_string(kept)), Verdict::kFull);
  EXPECT_EQ(begin("k0"), Verdict::kNotKept);
  EXPECT_GT(kept, 100);
  now += IdempotencyStore::kKeptFor;
  EXPECT_EQ(begin("new"), Verdict::kRun);
  EXPECT_LT(store.bytes(), 1'000U) << "all others are a day old";
}

}  // namespace
}  // namespace sluice::gateway
