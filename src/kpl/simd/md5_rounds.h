/* The 64 steps of MD5 (RFC 1321 section 3.4) over any unsigned 32-bit type: one stream's uint32_t,
 * or a vector with one stream in each lane. Written once, so that the plain and the vector kernels
 * cannot differ. */
#ifndef KPL_MD5_ROUNDS_H
#define KPL_MD5_ROUNDS_H

/* Each step waits for `b`, the result of the step before, so everything that does not need `b`
 * comes first. F is written to need it late. G's two halves share no bit, so the half without `b`
 * is added separately.
 *
 * KPL_MD5_KEEP(a), defined by the including file, makes a compiler keep that order. */
#define KPL_MD5_BEGIN_STEP(a, word, constant) ((a) += (word) + (constant), KPL_MD5_KEEP(a))
#define KPL_MD5_END_STEP(a, b, bits) ((a) = ((a) << (bits) | (a) >> (32 - (bits))) + (b))

#define KPL_MD5_STEP_F(a, b, c, d, word, bits, constant)                      \
    (KPL_MD5_BEGIN_STEP(a, word, constant), (a) += (((c) ^ (d)) & (b)) ^ (d), \
     KPL_MD5_END_STEP(a, b, bits))
#define KPL_MD5_STEP_G(a, b, c, d, word, bits, constant)                         \
    (KPL_MD5_BEGIN_STEP(a, word, constant), (a) += (c) & ~(d), (a) += (b) & (d), \
     KPL_MD5_END_STEP(a, b, bits))
#define KPL_MD5_STEP_H(a, b, c, d, word, bits, constant) \
    (KPL_MD5_BEGIN_STEP(a, word, constant), (a) += ((c) ^ (d)) ^ (b), KPL_MD5_END_STEP(a, b, bits))
#define KPL_MD5_STEP_I(a, b, c, d, word, bits, constant)               \
    (KPL_MD5_BEGIN_STEP(a, word, constant), (a) += ((b) | ~(d)) ^ (c), \
     KPL_MD5_END_STEP(a, b, bits))

/* Updates the state in `a` to `d` with the block `w`, an array of 16 words. */
#define KPL_MD5_ROUNDS(a, b, c, d, w)                     \
    KPL_MD5_STEP_F(a, b, c, d, (w)[0], 7, 0xd76aa478u);   \
    KPL_MD5_STEP_F(d, a, b, c, (w)[1], 12, 0xe8c7b756u);  \
    KPL_MD5_STEP_F(c, d, a, b, (w)[2], 17, 0x242070dbu);  \
    KPL_MD5_STEP_F(b, c, d, a, (w)[3], 22, 0xc1bdceeeu);  \
    KPL_MD5_STEP_F(a, b, c, d, (w)[4], 7, 0xf57c0fafu);   \
    KPL_MD5_STEP_F(d, a, b, c, (w)[5], 12, 0x4787c62au);  \
    KPL_MD5_STEP_F(c, d, a, b, (w)[6], 17, 0xa8304613u);  \
    KPL_MD5_STEP_F(b, c, d, a, (w)[7], 22, 0xfd469501u);  \
    KPL_MD5_STEP_F(a, b, c, d, (w)[8], 7, 0x698098d8u);   \
    KPL_MD5_STEP_F(d, a, b, c, (w)[9], 12, 0x8b44f7afu);  \
    KPL_MD5_STEP_F(c, d, a, b, (w)[10], 17, 0xffff5bb1u); \
    KPL_MD5_STEP_F(b, c, d, a, (w)[11], 22, 0x895cd7beu); \
    KPL_MD5_STEP_F(a, b, c, d, (w)[12], 7, 0x6b901122u);  \
    KPL_MD5_STEP_F(d, a, b, c, (w)[13], 12, 0xfd987193u); \
    KPL_MD5_STEP_F(c, d, a, b, (w)[14], 17, 0xa679438eu); \
    KPL_MD5_STEP_F(b, c, d, a, (w)[15], 22, 0x49b40821u); \
    KPL_MD5_STEP_G(a, b, c, d, (w)[1], 5, 0xf61e2562u);   \
    KPL_MD5_STEP_G(d, a, b, c, (w)[6], 9, 0xc040b340u);   \
    KPL_MD5_STEP_G(c, d, a, b, (w)[11], 14, 0x265e5a51u); \
    KPL_MD5_STEP_G(b, c, d, a, (w)[0], 20, 0xe9b6c7aau);  \
    KPL_MD5_STEP_G(a, b, c, d, (w)[5], 5, 0xd62f105du);   \
    KPL_MD5_STEP_G(d, a, b, c, (w)[10], 9, 0x02441453u);  \
    KPL_MD5_STEP_G(c, d, a, b, (w)[15], 14, 0xd8a1e681u); \
    KPL_MD5_STEP_G(b, c, d, a, (w)[4], 20, 0xe7d3fbc8u);  \
    KPL_MD5_STEP_G(a, b, c, d, (w)[9], 5, 0x21e1cde6u);   \
    KPL_MD5_STEP_G(d, a, b, c, (w)[14], 9, 0xc33707d6u);  \
    KPL_MD5_STEP_G(c, d, a, b, (w)[3], 14, 0xf4d50d87u);  \
    KPL_MD5_STEP_G(b, c, d, a, (w)[8], 20, 0x455a14edu);  \
    KPL_MD5_STEP_G(a, b, c, d, (w)[13], 5, 0xa9e3e905u);  \
    KPL_MD5_STEP_G(d, a, b, c, (w)[2], 9, 0xfcefa3f8u);   \
    KPL_MD5_STEP_G(c, d, a, b, (w)[7], 14, 0x676f02d9u);  \
    KPL_MD5_STEP_G(b, c, d, a, (w)[12], 20, 0x8d2a4c8au); \
    KPL_MD5_STEP_H(a, b, c, d, (w)[5], 4, 0xfffa3942u);   \
    KPL_MD5_STEP_H(d, a, b, c, (w)[8], 11, 0x8771f681u);  \
    KPL_MD5_STEP_H(c, d, a, b, (w)[11], 16, 0x6d9d6122u); \
    KPL_MD5_STEP_H(b, c, d, a, (w)[14], 23, 0xfde5380cu); \
    KPL_MD5_STEP_H(a, b, c, d, (w)[1], 4, 0xa4beea44u);   \
    KPL_MD5_STEP_H(d, a, b, c, (w)[4], 11, 0x4bdecfa9u);  \
    KPL_MD5_STEP_H(c, d, a, b, (w)[7], 16, 0xf6bb4b60u);  \
    KPL_MD5_STEP_H(b, c, d, a, (w)[10], 23, 0xbebfbc70u); \
    KPL_MD5_STEP_H(a, b, c, d, (w)[13], 4, 0x289b7ec6u);  \
    KPL_MD5_STEP_H(d, a, b, c, (w)[0], 11, 0xeaa127fau);  \
    KPL_MD5_STEP_H(c, d, a, b, (w)[3], 16, 0xd4ef3085u);  \
    KPL_MD5_STEP_H(b, c, d, a, (w)[6], 23, 0x04881d05u);  \
    KPL_MD5_STEP_H(a, b, c, d, (w)[9], 4, 0xd9d4d039u);   \
    KPL_MD5_STEP_H(d, a, b, c, (w)[12], 11, 0xe6db99e5u); \
    KPL_MD5_STEP_H(c, d, a, b, (w)[15], 16, 0x1fa27cf8u); \
    KPL_MD5_STEP_H(b, c, d, a, (w)[2], 23, 0xc4ac5665u);  \
    KPL_MD5_STEP_I(a, b, c, d, (w)[0], 6, 0xf4292244u);   \
    KPL_MD5_STEP_I(d, a, b, c, (w)[7], 10, 0x432aff97u);  \
    KPL_MD5_STEP_I(c, d, a, b, (w)[14], 15, 0xab9423a7u); \
    KPL_MD5_STEP_I(b, c, d, a, (w)[5], 21, 0xfc93a039u);  \
    KPL_MD5_STEP_I(a, b, c, d, (w)[12], 6, 0x655b59c3u);  \
    KPL_MD5_STEP_I(d, a, b, c, (w)[3], 10, 0x8f0ccc92u);  \
    KPL_MD5_STEP_I(c, d, a, b, (w)[10], 15, 0xffeff47du); \
    KPL_MD5_STEP_I(b, c, d, a, (w)[1], 21, 0x85845dd1u);  \
    KPL_MD5_STEP_I(a, b, c, d, (w)[8], 6, 0x6fa87e4fu);   \
    KPL_MD5_STEP_I(d, a, b, c, (w)[15], 10, 0xfe2ce6e0u); \
    KPL_MD5_STEP_I(c, d, a, b, (w)[6], 15, 0xa3014314u);  \
    KPL_MD5_STEP_I(b, c, d, a, (w)[13], 21, 0x4e0811a1u); \
    KPL_MD5_STEP_I(a, b, c, d, (w)[4], 6, 0xf7537e82u);   \
    KPL_MD5_STEP_I(d, a, b, c, (w)[11], 10, 0xbd3af235u); \
    KPL_MD5_STEP_I(c, d, a, b, (w)[2], 15, 0x2ad7d2bbu);  \
    KPL_MD5_STEP_I(b, c, d, a, (w)[9], 21, 0xeb86d391u)

#endif
