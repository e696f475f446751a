// SPDX-License-Identifier: Apache-2.0
#include "dataplane/filter/nft.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

namespace raven::dataplane {

void Nft::Free::operator()(nft_ctx* context) const {
  nft_ctx_free(context);
}

Result<Nft> Nft::open() {
  nft_ctx* context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context == nullptr) return Error{ErrorCode::kInternal, "nft_ctx_new failed"};
  Nft nft{context};
  nft_ctx_buffer_output(context);
  nft_ctx_buffer_error(context);
  return nft;
}

Status Nft::run(const std::string& script) {
  const int failed = nft_run_cmd_from_buffer(context_.get(), script.c_str());
  const char* text = nft_ctx_get_error_buffer(context_.get());
  std::string reason = text == nullptr ? "" : text;
  nft_ctx_get_output_buffer(context_.get());  // empties it
  if (failed == 0) return {};
  reason = reason.substr(0, reason.find('\n'));
  return Error{
      ErrorCode::kUnavailable,
      fmt::format("nftables: {} (needs CAP_NET_ADMIN and nf_tables with netdev tables)", reason)};
}

Result<std::string> Nft::list(const std::string& table) {
  const std::string command = "list table " + table;
  const int failed = nft_run_cmd_from_buffer(context_.get(), command.c_str());
  const std::string output = nft_ctx_get_output_buffer(context_.get());
  const std::string reason = nft_ctx_get_error_buffer(context_.get());
  if (failed != 0) return Error{ErrorCode::kNotFound, "nftables: " + command + ": " + reason};
  return output;
}

}  // namespace raven::dataplane
