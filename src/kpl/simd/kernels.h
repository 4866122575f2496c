/* The operations that have faster versions for some instruction sets, and the choice among them.
 *
 * A kernel set is complete: an operation without a faster version has the plain one. All sets give
 * the same results; the tests compare each with "plain" by name. */
#ifndef KPL_KERNELS_H
#define KPL_KERNELS_H

#include "kpl/bytes.h"

#include <stdbool.h>

#define KPL_DIGEST_SIZE 16

/* The instruction sets whose kernels this build has. Whether the machine can run them is checked
 * at run time. */
#if defined(__GNUC__) && defined(__x86_64__)
#define KPL_HAVE_AVX2
#elif defined(__GNUC__) && defined(__AARCH64EL__)
#define KPL_HAVE_NEON
#endif

typedef struct {
    const char *name;        /* "plain", "avx2", "neon" */
    bool (*runs_here)(void); /* whether this machine can run them */

    /* Writes the base64 of `bytes` (RFC 4648 section 4, padded, no line breaks) to `text`: exactly
     * kpl_base64_encoded_size(bytes.size) characters, no terminating NUL. */
    void (*base64_encode)(kpl_bytes bytes, char *text);

    /* Decodes clean base64: a multiple of 4 characters of the alphabet, with padding only at the
     * end. Returns whether `text` is clean; if so, sets *size bytes of `bytes`. `bytes` has room
     * for text.size / 4 * 3 bytes, all of which may be overwritten in either case. Unused bits
     * before padding may be set, as in binascii. */
    bool (*base64_decode)(kpl_bytes text, uint8_t *bytes, size_t *size);

    /* Writes the MD5 (RFC 1321) of each of `count` messages to the digest at the same index. */
    void (*md5_many)(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE]);
} kpl_kernels;

/* Every kernel set of this build, "plain" first and the best last, then NULL. */
extern const kpl_kernels *const kpl_kernel_sets[];

/* The best kernel set that runs here. Never NULL. */
const kpl_kernels *
kpl_kernels_best(void);

#endif
