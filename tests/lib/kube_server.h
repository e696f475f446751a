// KubeServer: a real API server for the tests of one program, through tests/lib/kube-server.
// SPDX-License-Identifier: Apache-2.0
//
// Started on first use, stopped when the program ends, however it ends.  Needs the binaries of
// scripts/build-kube-apiserver.sh.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace raven::test {

class KubeServer {
 public:
  // `manifests` count on the first call only: paths below the root of the project.
  static KubeServer& shared(const std::vector<std::string>& manifests = {}) {
    static KubeServer server{manifests};
    return server;
  }
  ~KubeServer() {
    if (std::system((command() + " down").c_str()) != 0)
      std::fprintf(stderr, "kube-server down: failed: %s may be left\n", folder_.c_str());
  }
  KubeServer(const KubeServer&) = delete;
  KubeServer& operator=(const KubeServer&) = delete;

  // "kill", "start", "pause", "token NAMESPACE ACCOUNT FOLDER", ...: see tests/lib/kube-server.
  void run(const std::string& arguments) {
    if (std::system((command() + " " + arguments).c_str()) != 0)
      throw std::runtime_error("kube-server " + arguments + ": failed");
  }

  const std::string& folder() const { return folder_; }
  std::string kubeconfig() const { return folder_ + "/kubeconfig"; }  // of the administrator
  std::string url() const {
    std::string line;
    std::ifstream{folder_ + "/server"} >> line;
    return line;
  }

 private:
  explicit KubeServer(const std::vector<std::string>& manifests) {
    std::string name = std::filesystem::temp_directory_path() / "raven-kube.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    folder_ = name;
    std::string arguments = "up --dir " + folder_ + " --owner " + std::to_string(::getpid());
    for (const std::string& manifest : manifests)
      arguments += " --manifest " + (root() / manifest).string();
    run(arguments + " >/dev/null");
  }

  // ctest starts every test in the root of the project (raven_test in scripts/cmake/raven.cmake).
  static std::filesystem::path root() {
    if (!std::filesystem::exists("tests/lib/kube-server"))
      throw std::runtime_error("run this test in the root of the project, as ctest does");
    return std::filesystem::current_path();
  }
  std::string command() const {
    return "RAVEN_KUBE_DIR=" + folder_ + " " + (root() / "tests/lib/kube-server").string();
  }

  std::string folder_;
};

}  // namespace raven::test
