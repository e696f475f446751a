// The last good objects on disk: common/kube/snapshot.h.
// SPDX-License-Identifier: Apache-2.0
//
// Input: 0 for a file as it is, else a body for which the target writes header and checksum.
#include <fstream>

#include "common/kube/digest.h"
#include "common/kube/json_value.h"
#include "common/kube/snapshot.h"
#include "tests/fuzz/folder.h"

namespace raven::kube {
namespace {

using fuzz::require;

std::string file_of(bool with_header, std::string_view body) {
  if (!with_header) return std::string{body};
  const std::string header = "# raven-gateway snapshot 1 generation=1 written=7 sha256=";
  return header + sha256_hex(header + std::string{body}) + "\n" + std::string{body};
}

std::string text_of(const ObjectsByKind& objects) {
  std::string text;
  for (const auto& [plural, of_kind] : objects)
    for (const auto& [key, object] : of_kind)
      text += plural + "\n" + key + "\n" + dump_json(*object) + "\n";
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder, copy;
  fuzz::Input input{data, size};
  const bool with_header = input.byte() != 0;
  std::ofstream{folder.path() + "/snapshot-0000000000000001.yaml", std::ios::binary}
      << file_of(with_header, input.rest_text());
  SnapshotStore store{folder.path()};
  const auto loaded = store.load();
  if (!loaded.ok()) {
    require(loaded.error().code == ErrorCode::kNotFound, "a bad file is passed over");
    return 0;
  }
  for (const auto& [plural, objects] : loaded->objects)
    for (const auto& [key, object] : objects)
      require(object != nullptr && object_name(*object).key() == key, "objects have their names");
  require(SnapshotStore{copy.path()}.save(loaded->objects).ok(), "what was read can be written");
  const auto again = SnapshotStore{copy.path()}.load();
  require(again.ok() && text_of(again->objects) == text_of(loaded->objects), "and read again");
  return 0;
}

}  // namespace raven::kube
