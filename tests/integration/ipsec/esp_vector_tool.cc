// esp_vector_tool: the ESP library at the end of a pipe, for oracles in other languages.
// SPDX-License-Identifier: Apache-2.0
//
// One request per line on stdin, one answer per line on stdout.  A request is
//   seal NAME=VALUE... HEX   an IP packet; the answer is "ok HEX", the packet from the outer header
//   open NAME=VALUE... HEX   an ESP packet; the answer is "ok HEX", the inner packet
// or the answer is the name of the verdict, or "error MESSAGE".  Names: alg, key, auth, spi,
// sequence (of this packet), esn (0 or 1), src, dst, sport, dport, tos (of the outer header).
#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>

#include "tests/unit/dataplane/ipsec/esp_pair.h"

namespace raven::dataplane::test {
namespace {

struct Request {
  std::string operation;
  std::map<std::string, std::string> fields;
  Bytes packet;

  const std::string& text(const std::string& name) { return fields[name]; }
  uint64_t number(const std::string& name) {
    return std::strtoull(fields[name].c_str(), nullptr, 0);
  }
};

Request parse(const std::string& line) {
  Request request;
  std::istringstream words{line};
  words >> request.operation;
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      request.packet = from_hex(word);
    else
      request.fields[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return request;
}

Result<SaConfig> config_of(Request& request, Direction direction) {
  const Suite* suite = find_suite(std::string_view{request.text("alg")});
  if (suite == nullptr) return Error{ErrorCode::kInvalid, "alg: unknown"};
  SaConfig config;
  config.algorithm = suite->algorithm;
  config.direction = direction;
  config.spi = Spi{static_cast<uint32_t>(request.number("spi"))};
  config.tunnel_id = TunnelId{1};
  RAVEN_ASSIGN(config.outer.source, IpAddress::parse(request.text("src")));
  RAVEN_ASSIGN(config.outer.destination, IpAddress::parse(request.text("dst")));
  config.outer.source_port = static_cast<uint16_t>(request.number("sport"));
  config.outer.destination_port = static_cast<uint16_t>(request.number("dport"));
  config.key = Secret{from_hex(request.text("key"))};
  config.integrity_key = Secret{from_hex(request.text("auth"))};
  config.esn = request.number("esn") != 0;
  config.last_sequence = request.number("sequence") - 1;
  return config;
}

std::string answer_text(EspVerdict verdict, const Bytes& packet) {
  if (verdict != EspVerdict::kOk) return std::string{esp_verdict_name(verdict)};
  return "ok " + to_hex(packet);
}

Result<std::string> answer(Worker& worker, Request& request) {
  const bool seal = request.operation == "seal";
  if (!seal && request.operation != "open")
    return Error{ErrorCode::kInvalid, "the operation is neither seal nor open"};
  RAVEN_ASSIGN(
      const SaConfig config, config_of(request, seal ? Direction::kOutbound : Direction::kInbound)
  );
  RAVEN_TRY(validate(config));
  if (seal) {
    const auto sa = worker.outbound(config);
    const Sealed sealed = worker.seal(*sa, request.packet);
    return answer_text(sealed.verdict, sealed.packet);
  }
  const auto sa = worker.inbound(config);
  const auto tos = static_cast<uint8_t>(request.number("tos"));
  const Opened opened = worker.open(*sa, request.packet, tos);
  return answer_text(opened.verdict, opened.inner);
}

}  // namespace
}  // namespace raven::dataplane::test

int main() {
  raven::dataplane::test::Worker worker;
  for (std::string line; std::getline(std::cin, line);) {
    auto request = raven::dataplane::test::parse(line);
    const auto result = raven::dataplane::test::answer(worker, request);
    std::cout << (result.ok() ? *result : "error " + result.error().message) << std::endl;
  }
  return 0;
}
