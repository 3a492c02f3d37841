#include "app/client/address.h"

#include <gtest/gtest.h>

namespace sluice::app::client {
namespace {

TEST(Url, NamesHostAndPort) {
  const auto address = parse_url("http://127.0.0.1:8080/");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, "8080");
  EXPECT_EQ(address->header, "127.0.0.1:8080");
  EXPECT_EQ(parse_url("http://gateway")->port, "80");
  EXPECT_EQ(parse_url("localhost:1")->host, "localhost");
  const auto six = parse_url("http://[::1]:8080");
  EXPECT_EQ(six->host, "::1");
  EXPECT_EQ(six->header, "[::1]:8080");
}

TEST(Url, MayBeAUnixSocket) {
  const auto address = parse_url("unix:/run/sluice/socket");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->socket, "/run/sluice/socket");
}

TEST(Url, RefusesTheRestAndSaysWhatToWrite) {
  for (const char* url : {"", "http://", "http://h:port", "http://h:123456", "http://h/path",
                          "http://user@h", "https://h", "http://h:1?x"}) {
    const auto address = parse_url(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().status, ExitStatus::kFailure);
    EXPECT_NE(address.error().message.find("is no address"), std::string::npos) << url;
  }
}

TEST(Listen, EveryAddressIsAskedOnLoopback) {
  EXPECT_EQ(parse_listen("0.0.0.0:1")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen("[::]:1")->host, "::1");
  EXPECT_EQ(parse_listen("[::1]:1")->host, "::1");
  EXPECT_EQ(parse_listen("unix:/s")->socket, "/s");
}

}  // namespace
}  // namespace sluice::app::client
