// Messages of charon: ctrl/ike/vici/message.h.
// SPDX-License-Identifier: Apache-2.0
#include "ctrl/ike/vici/message.h"
#include "tests/fuzz/fuzz.h"

namespace raven::vici {
namespace {

// Looks at everything, as the callers do.
std::size_t visit(const Message& message) {
  std::size_t count = message.number("bytes") != 0 ? 1 : 0;
  count += message.text("state").size() + message.list("local-ts").size();
  count += message.section("child-sas").empty() ? 1 : 0;
  for (const auto& [name, content] : message.sections()) count += name.size() + visit(*content);
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::Input{data, size}.rest_text();
  Result<Message> message = Message::decode(bytes);
  if (!message.ok()) return 0;
  visit(*message);
  // An empty name can be read, not written.
  const Result<std::string> encoded = message->encode();
  if (encoded.ok()) {
    fuzz::require(*encoded == bytes, "what was read is written the same");
    fuzz::require(*Message::decode(*encoded) == *message, "and read the same again");
  }
  message->wipe();
  fuzz::require(message->empty(), "nothing is left of a wiped message");
  return 0;
}

}  // namespace raven::vici
