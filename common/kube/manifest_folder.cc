// SPDX-License-Identifier: Apache-2.0
#include "common/kube/manifest_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <filesystem>

#include "common/base/file.h"
#include "common/base/unique_fd.h"
#include "common/kube/digest.h"
#include "common/kube/json_value.h"
#include "common/kube/manifest.h"
#include "common/kube/time_text.h"

namespace raven::kube {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 16u << 20;
constexpr std::size_t kVersionDigits = 16;

// Held while an object is read, changed and written.
Result<UniqueFd> lock_folder(const std::string& path) {
  const std::string file = path + "/.lock";
  UniqueFd fd{::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  if (!fd) return errno_error("open " + file, errno);
  while (::flock(fd.get(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error("lock " + file, errno);
  return fd;
}

std::vector<std::string> yaml_files(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator{folder, code})
    if (entry.path().extension() == ".yaml" && !entry.path().filename().string().starts_with('.'))
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// The content's digest is the version; what depends on it is added after.
void add_metadata(Json& object, time_t file_time) {
  Json& metadata = object["metadata"];
  metadata.erase("resourceVersion");
  const std::string version = sha256_hex(dump_json(object)).substr(0, kVersionDigits);
  metadata["resourceVersion"] = version;
  if (!metadata.contains("creationTimestamp")) metadata["creationTimestamp"] = utc_text(file_time);
  if (!metadata.contains("generation")) metadata["generation"] = 1;
  if (!metadata.contains("uid"))
    metadata["uid"] = sha256_hex(text_or(object, {"kind"}) + " " + object_name(object).key())
                          .substr(0, kVersionDigits);
}

std::string group_of(const Json& object) {
  const std::string version = text_or(object, {"apiVersion"});
  const std::size_t slash = version.find('/');
  return slash == std::string::npos ? "" : version.substr(0, slash);
}

bool is_of_kind(const Json& object, const Kind& kind) {
  return text_or(object, {"kind"}) == kind.kind && group_of(object) == kind.group;
}

// Everything but metadata and status.
bool same_content(Json a, Json b) {
  for (Json* object : {&a, &b}) {
    object->erase("metadata");
    object->erase("status");
  }
  return a == b;
}

Error not_found(const Kind& kind, const ObjectName& name) {
  return {ErrorCode::kNotFound, kind.plural + " \"" + name.key() + "\" not found"};
}

Status check_version(const Json& current, const std::string& expected) {
  if (expected.empty() || expected == resource_version(current)) return {};
  return Error{
      ErrorCode::kConflict,
      object_name(current).key() + ": has been changed since it was read; read it again"};
}

Status check_name(const Kind& kind, const ObjectName& name) {
  const bool name_space_fits =
      kind.namespaced ? is_valid_object_name(name.name_space) : name.name_space.empty();
  if (is_valid_object_name(name.name) && name_space_fits) return {};
  return Error{ErrorCode::kInvalid, kind.plural + " \"" + name.key() + "\": is no valid name"};
}

// `next` as the successor of `current`: identity and status stay, the generation counts content.
void carry_over(const Json& current, Json& next) {
  Json& metadata = next["metadata"];
  for (const char* field : {"uid", "creationTimestamp", "generation"})
    metadata[field] = current["metadata"][field];
  next.erase("status");
  if (current.contains("status")) next["status"] = current["status"];
  if (!same_content(current, next))
    metadata["generation"] = find_integer(current, {"metadata", "generation"}).value_or(0) + 1;
}

}  // namespace

std::string ManifestFolder::object_file(const Kind& kind, const ObjectName& name) const {
  const std::string prefix = name.name_space.empty() ? "" : name.name_space + "_";
  return kind_folder(kind) + "/" + prefix + name.name + ".yaml";
}

const ManifestFolder::File& ManifestFolder::load(const std::string& file) {
  File& entry = files_[file];
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    entry = {};  // gone between listing and looking
    return entry;
  }
  const Stamp stamp{
      info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec, info.st_ino,
      static_cast<uint64_t>(info.st_size)};
  if (stamp == entry.stamp) return entry;
  entry.stamp = stamp;
  entry.problem.clear();
  const auto text = read_file(file, kFileBytesMax);
  auto documents = text ? parse_manifests(file, *text) : Result<std::vector<Json>>{text.error()};
  if (!documents) {
    entry.problem = documents.error().message;
    return entry;
  }
  std::vector<Object> objects;
  for (Json& document : *documents) {
    if (object_name(document).name.empty()) {
      entry.problem = file + ": a document has no metadata.name";
      return entry;
    }
    add_metadata(document, info.st_mtim.tv_sec);
    objects.push_back(std::make_shared<const Json>(std::move(document)));
  }
  entry.objects = std::move(objects);
  return entry;
}

ManifestFolder::Listing ManifestFolder::list(const Kind& kind) {
  Listing listing;
  for (const std::string& file : yaml_files(path_)) {
    const File& content = load(file);
    if (!content.problem.empty()) listing.problems.push_back(content.problem);
    for (const Object& object : content.objects)
      if (is_of_kind(*object, kind)) listing.objects[object_name(*object).key()] = object;
  }
  for (const std::string& file : yaml_files(kind_folder(kind))) {
    const File& content = load(file);
    if (!content.problem.empty()) listing.problems.push_back(content.problem);
    for (const Object& object : content.objects) {
      const ObjectName name = object_name(*object);
      if (object_file(kind, name) == file) {
        listing.objects[name.key()] = object;
      } else {
        listing.problems.push_back(
            file + ": holds " + name.key() + ", so it must be named " + object_file(kind, name)
        );
      }
    }
  }
  return listing;
}

Result<Json> ManifestFolder::get(const Kind& kind, const ObjectName& name) {
  RAVEN_TRY(check_name(kind, name));
  const Listing listing = list(kind);
  const auto found = listing.objects.find(name.key());
  if (found == listing.objects.end()) return not_found(kind, name);
  return *found->second;
}

Result<Json> ManifestFolder::store(const Kind& kind, Json object) {
  object["apiVersion"] = kind.api_version();
  object["kind"] = kind.kind;
  object["metadata"].erase("resourceVersion");
  const std::string file = object_file(kind, object_name(object));
  std::error_code code;
  fs::create_directories(kind_folder(kind), code);
  if (code) return errno_error("create " + kind_folder(kind), code.value());
  RAVEN_TRY(write_file_atomic(file, dump_json_pretty(object)));
  add_metadata(object, 0);
  return object;
}

Result<Json> ManifestFolder::create(const Kind& kind, Json object) {
  const ObjectName name = object_name(object);
  RAVEN_TRY(check_name(kind, name));
  RAVEN_ASSIGN(const UniqueFd lock, lock_folder(path_));
  if (get(kind, name))
    return Error{ErrorCode::kExists, kind.plural + " \"" + name.key() + "\" already exists"};
  Json& metadata = object["metadata"];
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  metadata["creationTimestamp"] = utc_text(now.tv_sec);
  metadata["generation"] = 1;
  metadata["uid"] =
      sha256_hex(name.key() + std::to_string(now.tv_sec) + "." + std::to_string(now.tv_nsec))
          .substr(0, kVersionDigits);
  return store(kind, std::move(object));
}

Result<Json> ManifestFolder::update(const Kind& kind, Json object) {
  const ObjectName name = object_name(object);
  const std::string version = resource_version(object);
  if (version.empty())
    return Error{
        ErrorCode::kInvalid,
        "update " + kind.plural + " " + name.key() + ": metadata.resourceVersion is missing"};
  RAVEN_ASSIGN(const UniqueFd lock, lock_folder(path_));
  RAVEN_ASSIGN(const Json current, get(kind, name));
  RAVEN_TRY(check_version(current, version));
  carry_over(current, object);
  return store(kind, std::move(object));
}

Result<Json> ManifestFolder::patch(
    const Kind& kind, const ObjectName& name, const Json& merge_patch, Part part
) {
  RAVEN_ASSIGN(const UniqueFd lock, lock_folder(path_));
  RAVEN_ASSIGN(const Json current, get(kind, name));
  RAVEN_TRY(check_version(current, resource_version(merge_patch)));
  Json next = current;
  if (part == Part::kStatus) {
    const Json* status = find(merge_patch, {"status"});
    if (status != nullptr) next["status"].merge_patch(*status);
  } else {
    next.merge_patch(merge_patch);
    if (object_name(next) != name)
      return Error{ErrorCode::kInvalid, "patch " + name.key() + ": must not change the name"};
    carry_over(current, next);
  }
  return store(kind, std::move(next));
}

Status ManifestFolder::remove(const Kind& kind, const ObjectName& name) {
  RAVEN_TRY(check_name(kind, name));
  RAVEN_ASSIGN(const UniqueFd lock, lock_folder(path_));
  const std::string file = object_file(kind, name);
  const bool unlinked = ::unlink(file.c_str()) == 0;
  if (!unlinked && errno != ENOENT) return errno_error("delete " + file, errno);
  if (get(kind, name))
    return Error{
        ErrorCode::kInvalid,
        kind.plural + " \"" + name.key() + "\": is part of a manifest in " + path_ + "; edit that"};
  if (!unlinked) return not_found(kind, name);
  return {};
}

}  // namespace raven::kube
