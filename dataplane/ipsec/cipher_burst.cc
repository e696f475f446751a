// The cipher loop: direct calls for AES-GCM, jobs for the others.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/cipher_burst.h"

#include <algorithm>
#include <span>
#include <variant>

#include "dataplane/ipsec/cipher_calls.h"
#include "dataplane/ipsec/cipher_key.h"

namespace raven::dataplane {
namespace {

constexpr uint64_t bit(std::size_t index) {
  return uint64_t{1} << index;
}

// What submit() leaves to the mode.  A mode without its own does not compile.

// Has direct calls: run() makes no jobs of it.
void describe(const GcmCalls&, const CipherSlot&, IMB_JOB&) {}

void describe(const ChachaPolyCalls& calls, const CipherSlot& slot, IMB_JOB& job) {
  job.cipher_mode = calls.cipher;
  job.hash_alg = calls.authentication;
  job.enc_keys = job.dec_keys = slot.key->chacha();
  job.iv_len_in_bytes = 12;
  job.src = job.dst = slot.text;
  job.cipher_start_src_offset_in_bytes = 0;
  job.hash_start_src_offset_in_bytes = 0;
  job.msg_len_to_hash_in_bytes = slot.size;
  job.u.CHACHA20_POLY1305.aad = slot.aad;
  job.u.CHACHA20_POLY1305.aad_len_in_bytes = slot.aad_size;
}

// The ICV covers ESP header, IV and ciphertext; with ESN the high 32 bits of the sequence number
// stand behind the text (RFC 4303 section 3.3.2.1).
void describe(const CbcHmacCalls& calls, const CipherSlot& slot, IMB_JOB& job) {
  constexpr uint32_t kInFront = kEspHeaderSize + 16;
  constexpr uint32_t kHighBits = 4;
  const CipherKey::CbcHmac& key = slot.key->cbc_hmac();
  job.cipher_mode = IMB_CIPHER_CBC;
  job.hash_alg = calls.hmac;
  job.enc_keys = key.encrypt;
  job.dec_keys = key.decrypt;
  job.iv_len_in_bytes = 16;
  job.src = slot.text - kInFront;
  job.dst = slot.text;
  job.cipher_start_src_offset_in_bytes = kInFront;
  job.hash_start_src_offset_in_bytes = 0;
  job.msg_len_to_hash_in_bytes = kInFront + slot.size + (slot.aad_size == 12 ? kHighBits : 0);
  job.u.HMAC._hashed_auth_key_xor_ipad = key.inner_hash;
  job.u.HMAC._hashed_auth_key_xor_opad = key.outer_hash;
}

}  // namespace

CipherBurst::CipherBurst(CipherLibrary& library, Operation operation)
    : library_{library}, operation_{operation} {
  const IMB_MGR& manager = *library.manager();
  for (const Suite& suite : kSuites) {
    const auto* gcm = std::get_if<GcmCalls>(&calls_of(suite.algorithm));
    if (gcm == nullptr) continue;
    direct_calls_[static_cast<std::size_t>(suite.algorithm)] =
        manager.*(operation == Operation::kEncrypt ? gcm->encrypt : gcm->decrypt);
  }
}

// AES-GCM by the direct calls: they take half the time of a job at 64 bytes.
uint64_t CipherBurst::run() {
  pending_ = 0;
  std::size_t job_count = 0;
  gcm_context_data context;
  for (std::size_t i = 0; i < size_; ++i) {
    const CipherSlot& slot = slots_[i];
    const DirectCall call = direct_calls_[static_cast<std::size_t>(slot.algorithm)];
    if (call == nullptr) [[unlikely]] {
      jobs_[job_count++] = static_cast<uint8_t>(i);
      continue;
    }
    call(
        &slot.key->gcm(), &context, slot.text, slot.text, slot.size, slot.nonce, slot.aad,
        slot.aad_size, slot.tag, slot.icv_size
    );
  }
  if (job_count != 0) [[unlikely]]
    run_jobs(job_count);
  return pending_;
}

// The library runs jobs side by side in lanes, each time for as long as the shortest of them, and
// all lanes cost the same whether they are taken or not.  So the longest go first: what is left at
// the end, when lanes run empty, is short.
void CipherBurst::run_jobs(std::size_t count) {
  const std::span<uint8_t> jobs{jobs_.data(), count};
  const auto longer = [this](uint8_t a, uint8_t b) { return slots_[a].size > slots_[b].size; };
  if (!std::ranges::is_sorted(jobs, longer)) std::ranges::sort(jobs, longer);
  for (const uint8_t job : jobs) submit(slots_[job], job);
  flush();
}

// Not IMB_FLUSH_BURST: that of 1.3 loses jobs when its ring wraps.
void CipherBurst::flush() {
  while (const IMB_JOB* job = IMB_FLUSH_JOB(library_.manager())) complete(job);
}

void CipherBurst::submit(const CipherSlot& slot, std::size_t index) {
  const bool encrypt = operation_ == Operation::kEncrypt;
  IMB_MGR* manager = library_.manager();
  IMB_JOB* job = IMB_GET_NEXT_JOB(manager);
  job->cipher_direction = encrypt ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
  job->chain_order = encrypt ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
  job->user_data = reinterpret_cast<void*>(index);
  job->auth_tag_output = slot.tag;
  job->auth_tag_output_len_in_bytes = slot.icv_size;
  job->msg_len_to_cipher_in_bytes = slot.size;
  job->iv = slot.nonce;
  job->key_len_in_bytes = suite_of(slot.algorithm).key_size;
  std::visit([&](const auto& calls) { describe(calls, slot, *job); }, calls_of(slot.algorithm));
  pending_ |= bit(index);
  complete(IMB_SUBMIT_JOB_NOCHECK(manager));
}

void CipherBurst::complete(const IMB_JOB* job) {
  if (job == nullptr || job->status != IMB_STATUS_COMPLETED) return;
  pending_ &= ~bit(reinterpret_cast<std::size_t>(job->user_data));
}

}  // namespace raven::dataplane
