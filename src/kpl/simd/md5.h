/* MD5 (RFC 1321): the digest of a message, and the hash key of a partition key. */
#ifndef KPL_MD5_H
#define KPL_MD5_H

#include "kpl/simd/kernels.h"

/* Writes the digest of one message. */
void
kpl_md5(kpl_bytes message, uint8_t digest[KPL_DIGEST_SIZE]);

/* The kernels. Their contract is in kernels.h. The plain one hashes one message after another. */
void
kpl_md5_many_plain(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE]);

#ifdef KPL_HAVE_AVX2
void
kpl_md5_many_avx2(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE]);
#endif

#ifdef KPL_HAVE_NEON
void
kpl_md5_many_neon(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE]);
#endif

#endif
