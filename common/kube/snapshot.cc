// SPDX-License-Identifier: Apache-2.0
#include "common/kube/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <vector>

#include "common/base/file.h"
#include "common/kube/digest.h"
#include "common/kube/json_value.h"

namespace raven::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 256u << 20;
constexpr std::size_t kGenerationsKept = 2;
constexpr std::string_view kMagic = "# raven-gateway snapshot 1 ";

Error invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

std::string file_name(uint64_t generation) {
  return fmt::format("snapshot-{:016}.yaml", generation);
}

std::optional<uint64_t> parse_unsigned(std::string_view text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<uint64_t> generation_of(const std::string& name) {
  constexpr std::string_view kPrefix = "snapshot-", kSuffix = ".yaml";
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const auto digits =
      std::string_view{name}.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  const auto generation = parse_unsigned(digits);
  if (!generation || file_name(*generation) != name) return std::nullopt;
  return generation;
}

// The generations on disk, newest first; valid or not.
std::vector<uint64_t> generations_in(const std::string& folder) {
  std::vector<uint64_t> generations;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator{folder, code})
    if (const auto generation = generation_of(entry.path().filename()))
      generations.push_back(*generation);
  std::sort(generations.rbegin(), generations.rend());
  return generations;
}

// The header up to and with "sha256=".
std::string make_header(uint64_t generation, int64_t written_at_s) {
  return fmt::format("{}generation={} written={} sha256=", kMagic, generation, written_at_s);
}

std::string digest_of(std::string_view header, std::string_view body) {
  return sha256_hex(std::string{header} + std::string{body});
}

// Takes "---\n# gateways\n{...}\n" from the front.
Status take_document(std::string_view& body, ObjectsByKind& objects) {
  const auto take_line = [&]() -> std::string_view {
    const std::size_t end = std::min(body.find('\n'), body.size());
    const std::string_view line = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    return line;
  };
  const std::string_view separator = take_line(), plural = take_line(), json = take_line();
  if (separator != "---" || !plural.starts_with("# ")) return invalid("is not of our format");
  RAVEN_ASSIGN(Json object, parse_json(json));
  const std::string key = object_name(object).key();
  if (key.empty()) return invalid("an object has no name");
  objects[std::string{plural.substr(2)}][key] = std::make_shared<const Json>(std::move(object));
  return {};
}

Result<SnapshotStore::Loaded> parse_snapshot(std::string_view text, uint64_t generation) {
  const std::size_t line_end = text.find('\n');
  if (!text.starts_with(kMagic) || line_end == std::string_view::npos)
    return invalid("has no header of a version that we know");
  const std::string_view line = text.substr(0, line_end), body = text.substr(line_end + 1);
  const std::size_t header_end = line.find("sha256=") + std::string_view{"sha256="}.size();
  const std::size_t written_at = line.find("written=");
  if (header_end > line.size() || written_at == std::string_view::npos)
    return invalid("header is cut");
  if (digest_of(line.substr(0, header_end), body) != line.substr(header_end))
    return invalid("checksum is wrong: cut short or changed");
  SnapshotStore::Loaded loaded;
  loaded.generation = generation;
  const std::string_view written =
      line.substr(written_at + 8, line.find(' ', written_at) - written_at - 8);
  loaded.written_at_unix_s = static_cast<int64_t>(parse_unsigned(written).value_or(0));
  if (!line.starts_with(make_header(generation, loaded.written_at_unix_s)))
    return invalid("is of another generation than its name says");
  for (std::string_view rest = body; !rest.empty();) RAVEN_TRY(take_document(rest, loaded.objects));
  return loaded;
}

}  // namespace

std::string SnapshotStore::make_body(const ObjectsByKind& objects) {
  std::string body;
  std::map<Object, std::string> texts;
  for (const auto& [plural, of_kind] : objects)
    for (const auto& [key, object] : of_kind) {
      const auto known = texts_.find(object);
      const auto [text, fresh] = texts.try_emplace(
          object, known != texts_.end() ? std::move(known->second) : dump_json(*object)
      );
      body += "---\n# " + plural + "\n" + text->second + "\n";
    }
  texts_ = std::move(texts);
  return body;
}

Result<SnapshotStore::Loaded> SnapshotStore::load() {
  std::string passed_over;
  for (const uint64_t generation : generations_in(folder_)) {
    const std::string path = folder_ + "/" + file_name(generation);
    auto text = read_file(path, kFileBytesMax);
    auto loaded = text ? parse_snapshot(*text, generation) : Result<Loaded>{text.error()};
    if (loaded) {
      loaded->passed_over = passed_over;
      last_digest_ = sha256_hex(make_body(loaded->objects));
      return loaded;
    }
    passed_over += (passed_over.empty() ? "" : "; ") + path + ": " + loaded.error().message;
  }
  return Error{
      ErrorCode::kNotFound,
      folder_ + ": no usable snapshot" + (passed_over.empty() ? "" : " (" + passed_over + ")")};
}

Status SnapshotStore::save(const ObjectsByKind& objects) {
  const std::string body = make_body(objects);
  const std::string digest = sha256_hex(body);
  if (digest == last_digest_) return {};
  std::error_code code;
  if (fs::create_directories(folder_, code)) fs::permissions(folder_, fs::perms::owner_all, code);
  if (code) return errno_error("create " + folder_, code.value());
  if (!newest_) {
    const auto on_disk = generations_in(folder_);
    newest_ = on_disk.empty() ? 0 : on_disk.front();
  }
  const uint64_t generation = *newest_ + 1;
  const std::string header = make_header(generation, std::time(nullptr));
  RAVEN_TRY(write_file_atomic(
      folder_ + "/" + file_name(generation), header + digest_of(header, body) + "\n" + body, 0600
  ));
  newest_ = generation;
  last_digest_ = digest;
  const auto on_disk = generations_in(folder_);
  for (std::size_t i = kGenerationsKept; i < on_disk.size(); ++i)
    fs::remove(folder_ + "/" + file_name(on_disk[i]), code);
  return {};
}

}  // namespace raven::kube
