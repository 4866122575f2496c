/* The operations that have faster versions for some instruction sets, and the choice among them.
 *
 * A kernel set is complete: where an instruction set has nothing better for one operation, its
 * entry is the plain one. All sets give the same results; tests/ compares each with "plain" by
 * name. */
#ifndef KPL_KERNELS_H
#define KPL_KERNELS_H

#include "kpl/status.h"

#include <stdbool.h>

#define KPL_DIGEST_SIZE 16

/* Whether the build has the kernels of an instruction set; whether the machine runs them is asked
 * at run time. */
#if defined(__GNUC__) && defined(__x86_64__)
#define KPL_HAVE_AVX2
#elif defined(__GNUC__) && defined(__AARCH64EL__)
#define KPL_HAVE_NEON
#endif

typedef struct {
    const char *name;        /* "plain", "avx2", "neon" */
    bool (*runs_here)(void); /* whether this CPU and operating system have the instruction set */

    /* Writes the base64 of `bytes` (RFC 4648 section 4, padded, no line breaks) to `text`: exactly
     * kpl_base64_encoded_size(bytes.size) characters, no terminating NUL. */
    void (*base64_encode)(kpl_bytes bytes, char *text);

    /* Decodes clean base64: a multiple of 4 characters of the alphabet, padding only at the end.
     * Returns whether `text` is that; then *size bytes of `bytes` are set. `bytes` has room for
     * text.size / 4 * 3 bytes, all of which may be overwritten in either case. The bits that
     * padding leaves over need not be 0, as in binascii. */
    bool (*base64_decode)(kpl_bytes text, uint8_t *bytes, size_t *size);

    /* Writes the MD5 (RFC 1321) of each of `count` messages to the digest of the same index. */
    void (*md5_many)(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE]);
} kpl_kernels;

/* Every kernel set of this build, "plain" first, best last; ends with NULL. */
extern const kpl_kernels *const kpl_kernel_sets[];

/* The best kernel set that runs here. Never NULL. */
const kpl_kernels *
kpl_kernels_best(void);

#endif
