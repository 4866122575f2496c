/* The frame around a KPL message: the magic before it and its digest after it.
 *
 *     payload = F3 89 9A C2  message  MD5(message)
 *
 * Source: the KPL aggregation format,
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md */
#ifndef KPL_FRAME_H
#define KPL_FRAME_H

#include "kpl/simd/kernels.h"
#include "kpl/status.h"

typedef struct {
    kpl_bytes message;     /* the protobuf message, at least one byte */
    const uint8_t *digest; /* KPL_DIGEST_SIZE bytes that should be the message's MD5 */
} kpl_frame;

/* The magic. */
kpl_bytes
kpl_frame_magic(void);

/* Whether base64 text, read leniently, may begin with the magic. Reads up to the sixth character
 * of the alphabet and skips all others. False is final: the payload is plain. */
bool
kpl_frame_text_may_hold_magic(kpl_bytes text);

/* Whether base64 text begins with exactly the characters that the magic becomes. */
bool
kpl_frame_text_starts_with_magic(kpl_bytes text);

/* Finds the message and the digest in `payload`: KPL_OK, KPL_NOT_AGGREGATED or KPL_TOO_SHORT. On
 * KPL_OK *frame points into payload; otherwise it is not set. */
kpl_status
kpl_frame_find(kpl_bytes payload, kpl_frame *frame);

/* Compares the digest in the frame with `digest`, the MD5 of its message: KPL_OK or
 * KPL_WRONG_DIGEST. */
kpl_status
kpl_frame_check_digest(const kpl_frame *frame, const uint8_t digest[KPL_DIGEST_SIZE]);

/* The most frames whose digests are checked at once: enough to fill 16 lanes twice, even with
 * payloads that are larger than usual. */
#define KPL_MAX_FRAMES 32

/* A payload that is checked together with others. */
typedef struct {
    kpl_status status; /* of kpl_frame_find, then of kpl_frame_check_digest */
    kpl_frame frame;   /* set if the status is KPL_OK or KPL_WRONG_DIGEST */
} kpl_checked_frame;

/* Checks the digests of those frames whose status is KPL_OK, side by side in the lanes of the
 * MD5 kernel. `count` is at most KPL_MAX_FRAMES. */
void
kpl_frames_check_digests(const kpl_kernels *kernels, kpl_checked_frame *const *frames,
                         size_t count);

#endif
