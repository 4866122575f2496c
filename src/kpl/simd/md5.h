/* MD5 (RFC 1321): the digest behind a message, and the hash key of a partition key. */
#ifndef KPL_MD5_H
#define KPL_MD5_H

#include "kpl/simd/kernels.h"

/* The digest of one message; as fast as one stream goes. */
void
kpl_md5(kpl_bytes message, uint8_t digest[KPL_DIGEST_SIZE]);

/* The kernels; their contract is in kernels.h. The plain one takes one message after the other. */
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
