/* The frame around a KPL message: magic in front, digest behind.
 *
 *     payload = F3 89 9A C2  message  MD5(message)
 *
 * Source: the KPL aggregation format,
 * https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md */
#ifndef KPL_FRAME_H
#define KPL_FRAME_H

#include "kpl/simd/kernels.h"

#include <stdbool.h>

typedef struct {
    kpl_bytes message;     /* the protobuf message, at least one byte */
    const uint8_t *digest; /* KPL_DIGEST_SIZE bytes that should be the message's MD5 */
} kpl_frame;

/* Whether base64 text, read leniently, can still turn out to begin with the magic. Looks at the
 * first six characters of the alphabet and passes over those outside it. False is final: the
 * payload is plain. */
bool
kpl_frame_text_may_hold_magic(kpl_bytes text);

/* Whether base64 text begins, to the letter, with the magic's base64. */
bool
kpl_frame_text_starts_with_magic(kpl_bytes text);

/* Finds the message and the digest inside `payload`: KPL_OK, KPL_NOT_AGGREGATED or KPL_TOO_SHORT.
 * On KPL_OK *frame points into payload; it is not set otherwise. The digest is not checked. */
kpl_status
kpl_frame_open(kpl_bytes payload, kpl_frame *frame);

/* Whether `digest`, the MD5 of the frame's message, is the one that the frame carries. */
bool
kpl_frame_has_digest(const kpl_frame *frame, const uint8_t digest[KPL_DIGEST_SIZE]);

#endif
