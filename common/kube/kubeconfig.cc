// SPDX-License-Identifier: Apache-2.0
#include "common/kube/kubeconfig.h"

#include <openssl/evp.h>

#include <filesystem>

#include "common/base/file.h"
#include "common/kube/json_value.h"
#include "common/kube/manifest.h"

namespace raven::kube {
namespace {

constexpr std::size_t kFileBytesMax = 1u << 20;

Error invalid(std::string message) {
  return {ErrorCode::kInvalid, std::move(message)};
}

Result<std::string> decode_base64(std::string_view text) {
  std::string clean;
  for (const char c : text)
    if (c != '\n' && c != '\r' && c != ' ') clean += c;
  if (clean.size() % 4 != 0) return invalid("is not base64");
  std::string out(clean.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(
      reinterpret_cast<unsigned char*>(out.data()),
      reinterpret_cast<const unsigned char*>(clean.data()), static_cast<int>(clean.size())
  );
  if (size < 0) return invalid("is not base64");
  const std::size_t padding = clean.ends_with("==") ? 2 : clean.ends_with("=") ? 1 : 0;
  out.resize(static_cast<std::size_t>(size) - padding);
  return out;
}

// The entry of a kubeconfig list that has this name.
Result<const Json*> named(
    const Json& config, std::string_view list, const std::string& name, std::string_view member
) {
  for (const Json* entry : elements(config, {list})) {
    const Json* value = find(*entry, {member});
    if (text_or(*entry, {"name"}) == name && value != nullptr) return value;
  }
  return invalid(std::string{list} + ": has no entry \"" + name + "\"");
}

// Fills in `file` from `member` or `data` from `member`-data.
Status read_pem(
    const Json& entry, const std::string& member, const std::filesystem::path& folder,
    std::string& file, std::string& data
) {
  if (const auto inline_data = find_text(entry, {member + "-data"})) {
    auto decoded = decode_base64(*inline_data);
    if (!decoded) return std::move(decoded).error().with(member + "-data");
    data = std::move(*decoded);
  } else if (const auto path = find_text(entry, {member})) {
    file = folder / *path;  // an absolute path stays as it is
  }
  return {};
}

Status read_cluster(const Json& cluster, const std::filesystem::path& folder, ApiAccess& access) {
  access.server = text_or(cluster, {"server"});
  while (access.server.ends_with('/')) access.server.pop_back();
  if (!access.server.starts_with("https://"))
    return invalid("server: must begin with https://, not \"" + access.server + "\"");
  if (find_bool(cluster, {"insecure-skip-tls-verify"}).value_or(false))
    return invalid("insecure-skip-tls-verify: is not supported, give certificate-authority");
  RAVEN_TRY(read_pem(cluster, "certificate-authority", folder, access.ca_file, access.ca_data));
  return {};
}

Status read_user(const Json& user, const std::filesystem::path& folder, ApiAccess& access) {
  for (const char* unsupported : {"exec", "auth-provider", "username"})
    if (find(user, {unsupported}) != nullptr)
      return invalid(std::string{unsupported} + ": is not supported, use a certificate or a token");
  RAVEN_TRY(
      read_pem(user, "client-certificate", folder, access.certificate_file, access.certificate_data)
  );
  RAVEN_TRY(read_pem(user, "client-key", folder, access.key_file, access.key_data));
  if (const auto path = find_text(user, {"tokenFile"})) access.token_file = folder / *path;
  access.token = text_or(user, {"token"});
  return {};
}

Result<ApiAccess> access_from(const Json& config, const std::filesystem::path& folder) {
  const std::string context_name = text_or(config, {"current-context"});
  if (context_name.empty()) return invalid("current-context: is missing");
  RAVEN_ASSIGN(const Json* context, named(config, "contexts", context_name, "context"));
  RAVEN_ASSIGN(
      const Json* cluster, named(config, "clusters", text_or(*context, {"cluster"}), "cluster")
  );
  RAVEN_ASSIGN(const Json* user, named(config, "users", text_or(*context, {"user"}), "user"));
  ApiAccess access;
  RAVEN_TRY(read_cluster(*cluster, folder, access));
  RAVEN_TRY(read_user(*user, folder, access));
  return access;
}

}  // namespace

Result<ApiAccess> kubeconfig_access(const std::string& path) {
  RAVEN_ASSIGN(const std::string text, read_file(path, kFileBytesMax));
  RAVEN_ASSIGN(const auto documents, parse_manifests(path, text));
  if (documents.size() != 1) return invalid(path + ": must hold one document");
  auto access = access_from(documents.front(), std::filesystem::path{path}.parent_path());
  if (!access) return std::move(access).error().with(path);
  return access;
}

}  // namespace raven::kube
