// Quiescence over rte_rcu_qsbr.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/table/quiescence.h"

#include <rte_errno.h>
#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

namespace raven::dataplane {

Result<std::unique_ptr<Quiescence>> Quiescence::create(unsigned workers) {
  const std::size_t size = rte_rcu_qsbr_get_memsize(workers);
  auto* state = static_cast<rte_rcu_qsbr*>(rte_zmalloc("quiescence", size, RTE_CACHE_LINE_SIZE));
  if (state == nullptr)
    return Error{ErrorCode::kExhausted, "no DPDK memory for the quiescence state"};
  if (rte_rcu_qsbr_init(state, workers) != 0) {
    rte_free(state);
    return errno_error("initialise rte_rcu_qsbr", rte_errno);
  }
  for (unsigned worker = 0; worker < workers; ++worker) rte_rcu_qsbr_thread_register(state, worker);
  return std::unique_ptr<Quiescence>{new Quiescence{state}};
}

Quiescence::~Quiescence() {
  synchronize();
  rte_free(state_);
}

void Quiescence::online(WorkerId worker) {
  rte_rcu_qsbr_thread_online(state_, worker.value());
}
void Quiescence::offline(WorkerId worker) {
  rte_rcu_qsbr_thread_offline(state_, worker.value());
}
void Quiescence::quiescent(WorkerId worker) {
  rte_rcu_qsbr_quiescent(state_, worker.value());
}

void Quiescence::defer(std::function<void()> disposal) {
  deferred_.push_back({rte_rcu_qsbr_start(state_), std::move(disposal)});
}

std::size_t Quiescence::reclaim() {
  while (!deferred_.empty() && rte_rcu_qsbr_check(state_, deferred_.front().token, false) == 1) {
    const std::function<void()> disposal = std::move(deferred_.front().disposal);
    deferred_.pop_front();
    disposal();
  }
  return deferred_.size();
}

void Quiescence::synchronize() {
  rte_rcu_qsbr_synchronize(state_, RTE_QSBR_THRID_INVALID);
  reclaim();
}

}  // namespace raven::dataplane
