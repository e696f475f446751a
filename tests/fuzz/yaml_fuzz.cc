// Configuration files: common/yaml, common/settings, and the two readers of the dataplane.
// SPDX-License-Identifier: Apache-2.0
#include "common/yaml/yaml.h"
#include "dataplane/sa/static_file.h"
#include "dataplane/settings.h"
#include "tests/fuzz/fuzz.h"

namespace raven {
namespace {

using fuzz::require;

const std::string kFile = "f.yaml";

template <class T>
bool checked(const Result<T>& result) {
  if (result.ok()) return true;
  require(result.error().message.starts_with(kFile + ":"), "an error names its file");
  return false;
}

void check_tree(const yaml::Node& node, int depth) {
  require(depth <= yaml::kDepthMax, "no tree is deeper than allowed");
  require(node.line >= 1 && node.column >= 1, "every node has a position");
  require(node.items.empty() || node.kind == yaml::Node::Kind::kSequence, "only lists have items");
  require(node.entries.empty() || node.kind == yaml::Node::Kind::kMap, "only maps have entries");
  for (const yaml::Node& item : node.items) check_tree(item, depth + 1);
  for (const auto& [key, value] : node.entries) {
    require(node.find(key) == &value, "no key is there twice");
    check_tree(value, depth + 1);
  }
}

void check_settings(const dataplane::Settings& settings) {
  require(settings.workers.count >= 1 && !settings.ports.empty(), "a dataplane has work to do");
  require(dataplane::file_mode(settings.sockets.control_mode) <= 0777, "a mode is one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Input{data, size}.rest_text();
  const auto documents = yaml::parse_all(kFile, text);
  if (!checked(documents)) return 0;
  for (const yaml::Node& document : *documents) check_tree(document, 0);

  const auto settings = settings::load_text<dataplane::Settings>(kFile, text);
  if (checked(settings)) check_settings(*settings);

  const Secret secret{{reinterpret_cast<const uint8_t*>(text.data()), text.size()}};
  const auto sas = dataplane::parse_static_sas(kFile, secret, 4096);
  if (!checked(sas)) return 0;
  for (const dataplane::SaConfig& sa : *sas)
    require(dataplane::validate(sa).ok(), "an SA that was read is a good one");
  return 0;
}

}  // namespace raven
