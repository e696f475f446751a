// Decryption: checks before the cipher, the cipher, checks after it.
// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ipsec/esp_in.h"

#include "dataplane/ipsec/esp_wire.h"
#include "dataplane/ipsec/inner_packet.h"

namespace raven::dataplane {
namespace {

using namespace esp_wire;

constexpr EspInResult refuse(EspVerdict verdict) {
  return {nullptr, 0, verdict, IpFamily::kV4, false};
}

// ICVs are words of 8 bytes, two of them nearly always (suite.cc); what is behind those is kept out
// of the usual way.
[[gnu::cold, gnu::noinline]] void copy_rest(uint8_t* to, const uint8_t* from, std::size_t size) {
  std::memcpy(to + kUsualIcvSize, from + kUsualIcvSize, size - kUsualIcvSize);
}

void copy_icv(uint8_t* to, const uint8_t* from, std::size_t size) {
  copy_16(to, from);
  if (size > kUsualIcvSize) [[unlikely]]
    copy_rest(to, from, size);
}

uint64_t difference_at(const uint8_t* a, const uint8_t* b, std::size_t offset) {
  return load<uint64_t>(a + offset) ^ load<uint64_t>(b + offset);
}

[[gnu::cold, gnu::noinline]] uint64_t difference_of_rest(
    const uint8_t* a, const uint8_t* b, std::size_t size
) {
  uint64_t difference = 0;
  for (std::size_t offset = kUsualIcvSize; offset < size; offset += sizeof(difference))
    difference |= difference_at(a, b, offset);
  return difference;
}

// No early exit: how long it takes says nothing about where the difference is.
bool equal_icv(const uint8_t* a, const uint8_t* b, std::size_t size) {
  uint64_t difference = difference_at(a, b, 0) | difference_at(a, b, 8);
  if (size > kUsualIcvSize) [[unlikely]]
    difference |= difference_of_rest(a, b, size);
  return difference == 0;
}

}  // namespace

EspSpi read_spi(const uint8_t* esp, uint32_t size) {
  if (size < kEspHeaderSize) return {Spi{}, EspVerdict::kEspShort};
  const Spi spi{host_to_big(load<uint32_t>(esp))};
  return {spi, spi.value() < kSpiMin ? EspVerdict::kSpiReserved : EspVerdict::kOk};
}

EspIn::EspIn(CipherLibrary& library) : burst_{library, CipherBurst::Operation::kDecrypt} {}

inline void EspIn::stage(
    InboundSa& sa, const EspInInput& packet, uint32_t text_size, uint64_t sequence
) {
  const uint8_t* iv = packet.data + kEspHeaderSize;
  uint8_t* text = packet.data + sa.esp_header_size_;
  const std::size_t position = burst_.size();
  const uint8_t icv_size = sa.icv_size_;
  Pending& pending = pending_[position];
  pending.sa = &sa;
  pending.sequence = sequence;
  pending.outer_traffic_class = packet.outer_traffic_class;

  CipherSlot& slot = burst_.next();
  slot.aad_size = write_aad(slot.aad, sa.spi_wire_, sequence, sa.esn_);
  slot.text = text;
  slot.tag = icvs_of(position, icv_size);
  slot.key = sa.key_;
  slot.size = text_size;
  slot.algorithm = sa.algorithm_;
  slot.icv_size = icv_size;
  copy_icv(slot.tag + icv_size, text + text_size, icv_size);
  if (sa.iv_size_ == kCounterIvSize) [[likely]] {
    write_nonce(slot.nonce, sa.salt_, load<uint64_t>(iv));
  } else {
    std::memcpy(slot.nonce, iv, sizeof(slot.nonce));
    // With ESN the hash goes over the high 32 bits behind the text, in place of the ICV.
    const uint32_t high = host_to_big(static_cast<uint32_t>(sequence >> 32));
    std::memcpy(text + text_size, &high, sizeof(high));
  }
  burst_.commit();
}

inline EspVerdict EspIn::admit(InboundSa& sa, const EspInInput& packet) {
  const uint32_t around = uint32_t{sa.esp_header_size_} + sa.icv_size_;
  if (packet.size < around + kTrailerSize) return EspVerdict::kEspShort;
  const uint32_t text_size = packet.size - around;
  if ((text_size & (sa.block_size_ - 1u)) != 0) return EspVerdict::kEspAlign;
  if (load<uint32_t>(packet.data) != sa.spi_wire_) return EspVerdict::kSpiUnknown;
  if (!sa.lifetime_.usable()) return EspVerdict::kSaExpired;

  const uint32_t low = host_to_big(load<uint32_t>(packet.data + 4));
  const uint64_t sequence = sa.esn_ ? sa.window_.infer(low) : low;
  const EspVerdict verdict = sa.window_.could_accept(sequence);
  if (verdict != EspVerdict::kOk) return verdict;
  if (sa.resync_.due()) [[unlikely]]
    keep_suspect(sa, packet);
  stage(sa, packet, text_size, sequence);
  return EspVerdict::kOk;
}

EspVerdict EspIn::prepare(InboundSa& sa, const EspInInput& packet) {
  const EspVerdict verdict = admit(sa, packet);
  if (verdict != EspVerdict::kOk) [[unlikely]]
    sa.count_error();
  return verdict;
}

void EspIn::run() {
  failed_ = burst_.run();
}

// The ICV first; only then the window moves (RFC 4303 section 3.4.3).  A packet that came twice in
// one burst is found here, by the second look into the window.
inline EspVerdict EspIn::authenticate(std::size_t position) {
  const Pending& pending = pending_[position];
  const CipherSlot& slot = burst_[position];
  if ((failed_ >> position & 1) != 0) return EspVerdict::kCipher;
  if (!equal_icv(slot.tag, slot.tag + slot.icv_size, slot.icv_size)) return EspVerdict::kIcv;
  return pending.sa->window_.record(pending.sequence);
}

EspInResult EspIn::finish(std::size_t position) {
  const CipherSlot& slot = burst_[position];
  const Pending& pending = pending_[position];
  InboundSa& sa = *pending.sa;
  const bool newest = pending.sequence > sa.window_.highest();
  const EspVerdict verdict = authenticate(position);
  if (verdict != EspVerdict::kOk) [[unlikely]] {
    sa.count_error();
    if (verdict == EspVerdict::kIcv && sa.esn_) sa.resync_.failed();
    explicit_bzero(slot.text, slot.size);
    return refuse(verdict);
  }
  sa.resync_.passed();
  sa.lifetime_.count(slot.size);

  const InnerPacket inner = open_inner(slot.text, slot.size, pending.outer_traffic_class);
  if (inner.verdict != EspVerdict::kOk) [[unlikely]] {
    if (inner.verdict != EspVerdict::kDummy) sa.count_error();
    return refuse(inner.verdict);
  }
  return {slot.text, inner.size, EspVerdict::kOk, inner.family, newest};
}

// One packet of a burst, before the cipher changes it.
void EspIn::keep_suspect(InboundSa& sa, const EspInInput& packet) {
  if (suspect_.sa != nullptr || packet.size > kSuspectSizeMax) return;
  std::memcpy(suspect_.bytes, packet.data, packet.size);
  suspect_.size = packet.size;
  suspect_.sa = &sa;
}

// The packet itself is lost; if it turns out to be authentic, the window is where the peer is.
void EspIn::resync() {
  InboundSa& sa = *suspect_.sa;
  suspect_.sa = nullptr;
  if (!sa.resync_.due()) return;  // others of its burst passed
  const uint32_t low = host_to_big(load<uint32_t>(suspect_.bytes + 4));
  const uint64_t sequence = sa.window_.infer(low) + (uint64_t{sa.resync_.next_turns()} << 32);
  const uint32_t around = uint32_t{sa.esp_header_size_} + sa.icv_size_;
  stage(sa, {suspect_.bytes, suspect_.size, 0}, suspect_.size - around, sequence);
  run();
  if (authenticate(0) == EspVerdict::kOk) sa.resync_.passed();
  explicit_bzero(suspect_.bytes, suspect_.size);
  burst_.clear();
}

}  // namespace raven::dataplane
