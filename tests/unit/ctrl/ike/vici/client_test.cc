// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ike/vici/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ctrl/ike/vici/fake_charon.h"

namespace raven::vici {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kYes = std::string{"\x03\x07success\x00\x03yes", 14};

std::string response(const Message& message) {
  return packet(1, *message.encode());
}
std::string event(const std::string& name, const Message& message) {
  return packet(7, static_cast<char>(name.size()) + name + *message.encode());
}

Client client_of(const FakeCharon& charon, milliseconds deadline = milliseconds{5000}) {
  auto client = Client::open(charon.path(), deadline);
  EXPECT_TRUE(client.ok());
  return std::move(*client);
}

TEST(ViciClient, SaysThatCharonIsAway) {
  const auto client = Client::open("/nonexistent/charon.vici");
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.error().code, ErrorCode::kUnavailable);
}

TEST(ViciClient, SendsACommandInTheWireFormat) {
  FakeCharon charon;
  charon.answer(packet(1, kYes));
  Client client = client_of(charon);
  ASSERT_TRUE(client.unload_connection("raven-b").ok());
  EXPECT_THAT(
      charon.received(),
      ElementsAre(std::string{"\x00\x0bunload-conn\x03\x04name\x00\x07raven-b", 28})
  );
}

TEST(ViciClient, PassesOnTheReasonOfARefusal) {
  FakeCharon charon;
  charon.answer(response(Message{}.text("success", "no").text("errmsg", "invalid proposal")));
  Client client = client_of(charon);
  const Status status = client.load_connection("raven-b", {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(status.error().message, HasSubstr("invalid proposal"));
}

TEST(ViciClient, CollectsStreamedSasWithTheirChildren) {
  Message child, children, ike;
  child.text("name", "net-1").text("state", "INSTALLED").text("bytes-in", "77");
  children.section("net-1-5", child);
  ike.text("state", "ESTABLISHED").text("remote-id", "b").section("child-sas", children);
  FakeCharon charon;
  charon.answer(packet(5));  // event confirmed
  charon.answer(
      event("list-sa", Message{}.section("raven-b", ike)) +
      event("list-sa", Message{}.section("raven-c", Message{}.text("state", "CONNECTING"))) +
      packet(1)
  );
  Client client = client_of(charon);
  const auto sas = client.list_sas();
  ASSERT_TRUE(sas.ok()) << sas.error().message;
  ASSERT_EQ(sas->size(), 2u);
  EXPECT_EQ(sas->at(0).connection, "raven-b");
  EXPECT_TRUE(sas->at(0).is_established());
  ASSERT_EQ(sas->at(0).children.size(), 1u);
  EXPECT_EQ(sas->at(0).children[0].name, "net-1");
  EXPECT_EQ(sas->at(0).children[0].bytes_in, 77u);
  EXPECT_TRUE(sas->at(0).children[0].is_usable());
  EXPECT_FALSE(sas->at(1).is_established());
}

TEST(ViciClient, TerminatingWhatIsNotThereIsNoError) {
  FakeCharon charon;
  charon.answer(response(Message{}.text("success", "no").text("matches", "0")));
  Client client = client_of(charon);
  EXPECT_TRUE(client.terminate("raven-b").ok());
}

TEST(ViciClient, GivesUpASilentCharonAndStaysClosed) {
  FakeCharon charon;
  Client client = client_of(charon, milliseconds{20});
  const Status status = client.unload_connection("x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kTimeout);
  // A late answer to the first command must not pass for one to the second.
  const Status second = client.unload_connection("y");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

TEST(ViciClient, NoticesThatCharonEnded) {
  FakeCharon charon;
  charon.answer("");
  Client client = client_of(charon);
  const Status status = client.unload_connection("x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kUnavailable);
}

TEST(ViciClient, RefusesPacketsThatAreNotVici) {
  const std::string malformed[] = {
      std::string{"\x00\x00\x00\x00", 4},        // no packet is empty
      std::string{"\xff\xff\xff\xff", 4},        // 4 GB
      packet(1, "\x03"),                         // cut short
      packet(7, std::string{"\x20list-sa", 8}),  // name of an event is cut short
      packet(99),                                // no such packet
      packet(5),                                 // an answer to something else
  };
  for (const std::string& bytes : malformed) {
    FakeCharon charon;
    charon.answer(bytes);
    Client client = client_of(charon);
    const Status status = client.unload_connection("x");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid) << status.error().message;
  }
}

TEST(ViciClient, NamesAnUnknownCommand) {
  FakeCharon charon;
  charon.answer(packet(2));
  Client client = client_of(charon);
  EXPECT_EQ(client.list_connections().error().code, ErrorCode::kNotFound);
}

TEST(ViciClient, SendsAPskWithItsOwners) {
  FakeCharon charon;
  charon.answer(packet(1, kYes));
  Client client = client_of(charon);
  const std::string key = "0123456789abcdef";
  const Secret secret{{reinterpret_cast<const uint8_t*>(key.data()), key.size()}};
  ASSERT_TRUE(client.load_psk("raven", secret, {"a", "b"}).ok());
  const std::string body = charon.received().at(0);
  const auto sent = Message::decode(std::string_view{body}.substr(13));  // type, "load-shared"
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->text("type"), "IKE");
  EXPECT_EQ(sent->text("data"), key);
  EXPECT_THAT(sent->list("owners"), ElementsAre("a", "b"));
}

TEST(ViciConnection, ReadsEventsWithoutWaiting) {
  FakeCharon charon;
  charon.answer(
      packet(5) + event("ike-updown", Message{}.text("up", "yes")) +
      event("child-updown", {}).substr(0, 6)
  );
  auto connection = Connection::open(charon.path(), milliseconds{5000});
  ASSERT_TRUE(connection.ok());
  ASSERT_TRUE(connection->register_event("ike-updown").ok());
  std::vector<std::string> names;
  const auto note = [&](const Event& event) { names.push_back(event.name); };
  // The second event is cut: only what is whole is handed on.
  ASSERT_TRUE(connection->read_events(note).ok());
  EXPECT_THAT(names, ElementsAre("ike-updown"));
}

}  // namespace
}  // namespace raven::vici
