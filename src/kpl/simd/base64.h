/* base64 (RFC 4648 section 4), the encoding of payloads from most sources. */
#ifndef KPL_BASE64_H
#define KPL_BASE64_H

#include "kpl/simd/kernels.h"

/* The number of characters for `size` bytes, padding included. `size` is at most SIZE_MAX / 2. */
size_t
kpl_base64_encoded_size(size_t size);

/* The character of each value, and the value of each character: 0xff outside the alphabet. */
extern const char kpl_base64_characters[65];
extern const uint8_t kpl_base64_values[256];

/* The kernels. Their contracts are in kernels.h. */
void
kpl_base64_encode_plain(kpl_bytes bytes, char *text);

bool
kpl_base64_decode_plain(kpl_bytes text, uint8_t *bytes, size_t *size);

#ifdef KPL_HAVE_AVX2
void
kpl_base64_encode_avx2(kpl_bytes bytes, char *text);

bool
kpl_base64_decode_avx2(kpl_bytes text, uint8_t *bytes, size_t *size);
#endif

#ifdef KPL_HAVE_NEON
void
kpl_base64_encode_neon(kpl_bytes bytes, char *text);

bool
kpl_base64_decode_neon(kpl_bytes text, uint8_t *bytes, size_t *size);
#endif

#endif
