// Nft: runs a script of nft(8) through libnftables, as one transaction.
// SPDX-License-Identifier: Apache-2.0
//
// Threading: one thread.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"

struct nft_ctx;

namespace raven::dataplane {

class Nft {
 public:
  static Result<Nft> open();
  // All or nothing.  kUnavailable: this kernel or user cannot do it.
  Status run(const std::string& script);
  // The ruleset of a table as nft prints it, for status and tests.
  Result<std::string> list(const std::string& table);

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  explicit Nft(nft_ctx* context) : context_{context} {}
  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace raven::dataplane
