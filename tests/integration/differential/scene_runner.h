// SceneRunner: plays scenes on a BoxBench and compares what comes out with the oracle.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/integration/differential/random_scene.h"
#include "tests/unit/dataplane/testing/box_bench.h"

namespace raven::dataplane::test {

class SceneRunner {
 public:
  SceneRunner(bool shared, bool one_port);

  Scene scene(raven::test::Random random);
  // Empty, or the first difference.
  std::string play(const Scene& scene);
  // The scene without the packets that the difference does not need.
  Scene shrunk(Scene scene);
  const Tally& tally() const { return tally_; }

 private:
  void set_up(const Scene& scene);
  void make_sas(const TunnelSettings& tunnel);
  void let_in(const Scene& scene, const Burst& burst);
  void receive(Port& port, const Scene& scene, const std::vector<Bytes>& frames);
  void release_fragments();
  void a_second_passes();
  std::string compare(ReferenceBox& reference);
  Outcome come_out(ReferenceBox& reference);

  const bool shared_, one_port_;
  BoxBench bench_;
  unsigned buffers_;
  std::unique_ptr<InboundSa> in_;
  std::unique_ptr<OutboundSa> out_;
  uint64_t punted_[2] = {0, 0};
  bool written_ = false;  // into a buffer of somebody else
  Tally tally_;
};

std::string text_of(const Scene& scene);

}  // namespace raven::dataplane::test
