// chain_removal(): commands from a listing as iptables prints it.
// SPDX-License-Identifier: Apache-2.0
#include "agent-lite/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace raven::agent_lite {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kListing =
    "-P PREROUTING ACCEPT\n"
    "-P OUTPUT ACCEPT\n"
    "-N OTHER\n"
    "-N RAVEN-MARK-CHAIN\n"
    "-A PREROUTING -m comment --comment \"raven traffic should be marked, \\\"all\\\"\" -j "
    "RAVEN-MARK-CHAIN\n"
    "-A PREROUTING -j OTHER\n"
    "-A OUTPUT -j RAVEN-MARK-CHAIN\n"
    "-A OTHER -m comment --comment RAVEN-MARK-CHAIN -j ACCEPT\n"
    "-A RAVEN-MARK-CHAIN -m set --match-set raven-mark-set dst -j MARK --set-xmark "
    "0x40/0xffffffff\n";

TEST(ChainRemoval, DeletesTheJumpsByTheirOwnWordsThenTheChain) {
  const auto commands = chain_removal("iptables-nft", "mangle", "RAVEN-MARK-CHAIN", kListing);
  EXPECT_THAT(
      commands,
      ElementsAre(
          Command{
              "iptables-nft", "-w", "-t", "mangle", "-D", "PREROUTING", "-m", "comment",
              "--comment", "raven traffic should be marked, \"all\"", "-j", "RAVEN-MARK-CHAIN"},
          Command{"iptables-nft", "-w", "-t", "mangle", "-D", "OUTPUT", "-j", "RAVEN-MARK-CHAIN"},
          Command{"iptables-nft", "-w", "-t", "mangle", "-F", "RAVEN-MARK-CHAIN"},
          Command{"iptables-nft", "-w", "-t", "mangle", "-X", "RAVEN-MARK-CHAIN"}
      )
  );
}

TEST(ChainRemoval, DoesNothingWithoutTheChain) {
  EXPECT_THAT(
      chain_removal("iptables-nft", "mangle", "RAVEN-MARK-CHAIN", "-P OUTPUT ACCEPT\n-N OTHER\n"),
      IsEmpty()
  );
  EXPECT_THAT(chain_removal("iptables-nft", "mangle", "RAVEN-MARK-CHAIN", ""), IsEmpty());
}

TEST(Run, GivesTheOutputAndTheFailureOfACommand) {
  EXPECT_EQ(run({"printf", "%s-%s", "a b", "c"}).value(), "a b-c");
  EXPECT_EQ(run({"false"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(run({"no-such-program-of-raven"}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace raven::agent_lite
