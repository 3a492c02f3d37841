#include "http/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "http/scripted_server.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

int status_of(TestClient& client, std::string_view path) {
  if (!client.send(get_request(path))) return 0;
  const auto answer = client.read_answer();
  return answer ? answer->status : 0;
}

TEST(Server, AnswersManyRequestsOnOneConnection) {
  ScriptedServer server;
  TestClient client = server.connect();
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(client.send(get_request("/token/" + std::to_string(i))));
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->body, std::to_string(i));
  }
}

TEST(Server, AnswersRequestsThatArriveByteByByte) {
  ScriptedServer server;
  TestClient client = server.connect();
  for (char c : post_request("/echo", "{\"slow\":1}")) ASSERT_TRUE(client.send({&c, 1}));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "{\"slow\":1}");
}

TEST(Server, AnswersAClientThatClosesItsSendingSideWithTheRequest) {
  ScriptedServer server;
  for (int i = 0; i < 50; ++i) {
    TestClient client = server.connect();
    client.send(get_request("/token/half"));
    client.finish_sending();
    const auto all = client.read_all();
    ASSERT_TRUE(all) << "the server must close after the answer";
    EXPECT_THAT(*all, HasSubstr("half"));
  }
}

TEST(Server, AnswersPipelinedRequestsInOrderThoughTheyEndOutOfOrder) {
  ScriptedServer server;
  TestClient client = server.connect();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += get_request("/token/" + std::to_string(i));
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 500; ++i) {
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->body, std::to_string(i));
  }
}

TEST(Server, RefusesABrokenRequestAndLetsTheAnswerArrive) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n");
  client.send(std::string(200'000, 'x'));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer) << "a reset has destroyed the answer";
  EXPECT_EQ(answer->status, 413);
  EXPECT_THAT(answer->head, HasSubstr("Connection: close"));
}

TEST(Server, SendsABigBodyWhole) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send(get_request("/big"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, std::string(32 << 20, 'b'));
}

TEST(Server, ServesOthersWhileAReaderStalls) {
  ServerOptions options = ScriptedServer::default_options();
  options.write_timeout = 300ms;
  options.workers = 1;
  ScriptedServer server(options);
  TestClient stalled = server.connect();
  stalled.send(get_request("/big"));
  TestClient other = server.connect();
  const auto before = cpu_time();
  // The kernel goes on taking some for a while on behalf of a reader that has stopped.
  const auto until = std::chrono::steady_clock::now() + 5 * options.write_timeout;
  while (std::chrono::steady_clock::now() < until) {
    ASSERT_EQ(status_of(other, "/token/a"), 200);
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_LT(cpu_time() - before, 1s) << "the worker spins";
  const auto all = stalled.read_all();
  ASSERT_TRUE(all) << "the stalled reader was not dropped";
  EXPECT_LT(all->size(), std::size_t{32 << 20});
}

TEST(Server, NoticesAResetAtOnce) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send(get_request("/hang"));
  ASSERT_TRUE(eventually([&] { return server.hanging() == 1; }));
  EXPECT_EQ(server.server().busy_connections(), 1);
  client.reset();
  EXPECT_TRUE(eventually([&] { return server.gone() == 1; }));
  EXPECT_TRUE(eventually([&] { return server.server().busy_connections() == 0; }));
}

TEST(Server, NoticesAClientThatHasClosed) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send(get_request("/hang"));
  ASSERT_TRUE(eventually([&] { return server.hanging() == 1; }));
  client.close();
  EXPECT_TRUE(eventually([&] { return server.gone() == 1; }));
}

TEST(Server, KeepsServingAClientThatHasOnlyStoppedSending) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send(get_request("/hang"));
  client.finish_sending();
  ASSERT_TRUE(eventually([&] { return server.hanging() == 1; }));
  std::this_thread::sleep_for(300ms);  // long enough for the interim answer to be taken badly
  EXPECT_EQ(server.gone(), 0);
  EXPECT_FALSE(client.read_answer(false, 1ms));
}

TEST(Server, HidesWhatAHandlerThrows) {
  ScriptedServer server;
  TestClient client = server.connect();
  client.send(get_request("/throws"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500);
  EXPECT_THAT(answer->body, Not(HasSubstr("secret")));
  EXPECT_EQ(status_of(client, "/token/a"), 200);
}

TEST(Server, TurnsAwayConnectionsOverTheLimit) {
  ServerOptions options = ScriptedServer::default_options();
  options.max_connections = 3;
  ScriptedServer server(options);
  std::vector<TestClient> inside;
  for (int i = 0; i < 3; ++i) {
    inside.push_back(server.connect());
    ASSERT_EQ(status_of(inside.back(), "/token/a"), 200);
  }
  TestClient outside = server.connect();
  const auto answer = outside.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_THAT(answer->head, HasSubstr("Retry-After"));
  EXPECT_EQ(status_of(inside.front(), "/token/b"), 200);
  inside.pop_back();
  outside.close();
  EXPECT_TRUE(eventually([&] {
    TestClient next = server.connect();
    return status_of(next, "/token/c") == 200;
  }));
}

TEST(Server, SpreadsConnectionsEvenlyOverTheWorkers) {
  std::vector<int> per_loop(2, 0);
  ServerOptions options = ScriptedServer::default_options();
  auto server = Server::create(options);
  ASSERT_TRUE(server);
  Router router;
  const auto loops = (*server)->loops();
  router.add(Pistache::Http::Method::Get, "/where", [&](auto exchange) {
    Response response;
    response.body = &exchange->loop() == loops[0] ? "0" : "1";
    exchange->respond(std::move(response));
  });
  (*server)->start(router, nullptr);
  std::vector<TestClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back((*server)->address());
    clients.back().send(get_request("/where"));
    const auto answer = clients.back().read_answer();
    ASSERT_TRUE(answer);
    ++per_loop[static_cast<std::size_t>(answer->body[0] - '0')];
  }
  EXPECT_EQ(per_loop[0], 10);
  EXPECT_EQ(per_loop[1], 10);
  (*server)->stop();
}

TEST(Server, ListensOnIpv6) {
  ServerOptions options = ScriptedServer::default_options();
  options.listen = "[::1]:0";
  ScriptedServer server(options);
  EXPECT_THAT(server.address(), StartsWith("[::1]:"));
  TestClient client = server.connect();
  EXPECT_EQ(status_of(client, "/token/a"), 200);
}

TEST(Server, ListensOnAUnixSocketAndRemovesIt) {
  const std::string path = ::testing::TempDir() + "sluice_http_test.sock";
  ServerOptions options = ScriptedServer::default_options();
  options.listen = "unix:" + path;
  {
    ScriptedServer server(options);
    TestClient client = server.connect();
    EXPECT_EQ(status_of(client, "/token/a"), 200);
    const auto second = Server::create(options);
    EXPECT_FALSE(second) << "two servers on one socket";
    client.send(get_request("/hang"));
    ASSERT_TRUE(eventually([&] { return server.hanging() == 1; }));
    client.close();
    EXPECT_TRUE(eventually([&] { return server.gone() == 1; }));
  }
  struct stat status {};
  EXPECT_NE(::stat(path.c_str(), &status), 0) << "the socket must be removed";
}

TEST(Server, TakesOverAUnixSocketThatACrashLeftBehind) {
  const std::string path = ::testing::TempDir() + "sluice_http_stale.sock";
  ServerOptions options = ScriptedServer::default_options();
  options.listen = "unix:" + path;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto server = Server::create(options);
    ::_exit(server ? 0 : 1);  // without removing the socket
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ScriptedServer server(options);
  TestClient client = server.connect();
  EXPECT_EQ(status_of(client, "/token/a"), 200);
}

TEST(Server, NeverRemovesAFileThatIsNoSocket) {
  const std::string path = ::testing::TempDir() + "sluice_http_test.txt";
  ::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  ServerOptions options = ScriptedServer::default_options();
  options.listen = "unix:" + path;
  EXPECT_FALSE(Server::create(options));
  EXPECT_EQ(::unlink(path.c_str()), 0);
}

TEST(Server, SaysWhyItCannotListen) {
  for (const char* listen :
       {"nonsense", "127.0.0.1:99999", "127.0.0.1:x", "192.0.2.1:0", "unix:"}) {
    ServerOptions options;
    options.listen = listen;
    const auto server = Server::create(options);
    ASSERT_FALSE(server) << listen;
    EXPECT_THAT(server.error().message, HasSubstr(listen));
  }
  ScriptedServer first;
  ServerOptions options;
  options.listen = first.address();
  const auto second = Server::create(options);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("in use"));
}

/// In a process of its own, because its limit cannot be raised again.
int serve_without_descriptors() {
  ScriptedServer server;
  TestClient early = server.connect();
  if (status_of(early, "/token/a") != 200) return 1;
  std::vector<TestClient> late;
  for (int i = 0; i < 20; ++i) late.push_back(server.connect());
  if (!eventually([&] { return status_of(late.back(), "/token/a") == 200; })) return 2;
  // Every descriptor up to the limit but one, which a client will take.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = static_cast<rlim_t>(late.back().fd() + 40);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 3;
  std::vector<int> fill;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) fill.push_back(fd);
  ::close(fill.back());
  fill.pop_back();
  const auto before = cpu_time();
  for (int i = 0; i < 20; ++i) {
    TestClient refused = server.connect();  // takes the only descriptor there is
    if (!refused.read_all(2s)) return 4;    // told or not: it must not hang
  }
  if (status_of(early, "/token/b") != 200) return 5;
  std::this_thread::sleep_for(500ms);
  if (cpu_time() - before > 300ms) return 6;  // spinning
  for (int fd : fill) ::close(fd);
  TestClient after = server.connect();
  return status_of(after, "/token/c") == 200 ? 0 : 7;
}

TEST(Server, SurvivesTheLackOfDescriptorsWithoutSpinning) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(serve_without_descriptors());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Server, CanBeStoppedTwiceAndNeverStarted) {
  auto server = Server::create(ScriptedServer::default_options());
  ASSERT_TRUE(server);
  (*server)->stop_accepting();
  (*server)->stop();
  (*server)->stop();
}

TEST(Server, DropsHangingRequestsWhenItStops) {
  int gone = 0;
  {
    ScriptedServer server;
    TestClient client = server.connect();
    client.send(get_request("/hang"));
    ASSERT_TRUE(eventually([&] { return server.hanging() == 1; }));
    server.server().stop();
    gone = server.gone();
  }
  EXPECT_EQ(gone, 1);
}

}  // namespace
}  // namespace sluice::http
