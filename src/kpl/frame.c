/* The magic, in bytes and in base64: see frame.h. */
#include "kpl/frame.h"

#include "kpl/simd/base64.h"

#include <assert.h>
#include <string.h>

static const uint8_t MAGIC[] = {0xF3, 0x89, 0x9A, 0xC2};

/* The magic's 32 bits fill five characters of base64 and two bits of a sixth. That one's other
 * four bits belong to the message. */
#define MAGIC_TEXT "84maw"
#define MAGIC_TEXT_SIZE (sizeof MAGIC_TEXT - 1)

static bool
is_sixth_magic_character(uint8_t character)
{
    return character >= 'g' && character <= 'v';
}

kpl_bytes
kpl_frame_magic(void)
{
    return (kpl_bytes){MAGIC, sizeof MAGIC};
}

bool
kpl_frame_text_may_hold_magic(kpl_bytes text)
{
    size_t matched = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        if (character == '=') {
            /* Padding in the middle is left to binascii. */
            return true;
        }
        if (kpl_base64_values[character] > 63) {
            continue;
        }
        if (matched == MAGIC_TEXT_SIZE) {
            return is_sixth_magic_character(character);
        }
        if (character != (uint8_t)MAGIC_TEXT[matched]) {
            return false;
        }
        matched++;
    }
    return false;
}

bool
kpl_frame_text_starts_with_magic(kpl_bytes text)
{
    return text.size > MAGIC_TEXT_SIZE && memcmp(text.data, MAGIC_TEXT, MAGIC_TEXT_SIZE) == 0 &&
           is_sixth_magic_character(text.data[MAGIC_TEXT_SIZE]);
}

kpl_status
kpl_frame_find(kpl_bytes payload, kpl_frame *frame)
{
    if (payload.size < sizeof MAGIC || memcmp(payload.data, MAGIC, sizeof MAGIC) != 0) {
        return KPL_NOT_AGGREGATED;
    }
    if (payload.size - sizeof MAGIC <= KPL_DIGEST_SIZE) {
        return KPL_TOO_SHORT;
    }
    frame->message.data = payload.data + sizeof MAGIC;
    frame->message.size = payload.size - sizeof MAGIC - KPL_DIGEST_SIZE;
    frame->digest = frame->message.data + frame->message.size;
    return KPL_OK;
}

kpl_status
kpl_frame_check_digest(const kpl_frame *frame, const uint8_t digest[KPL_DIGEST_SIZE])
{
    return memcmp(frame->digest, digest, KPL_DIGEST_SIZE) == 0 ? KPL_OK : KPL_WRONG_DIGEST;
}

void
kpl_frames_check_digests(const kpl_kernels *kernels, kpl_checked_frame *const *frames,
                         size_t count)
{
    kpl_checked_frame *framed[KPL_MAX_FRAMES];
    kpl_bytes messages[KPL_MAX_FRAMES];
    uint8_t digests[KPL_MAX_FRAMES][KPL_DIGEST_SIZE];
    size_t framed_count = 0;
    assert(count <= KPL_MAX_FRAMES);
    for (size_t i = 0; i < count; i++) {
        if (frames[i]->status == KPL_OK) {
            framed[framed_count] = frames[i];
            messages[framed_count++] = frames[i]->frame.message;
        }
    }
    if (framed_count == 0) {
        return;
    }
    kernels->md5_many(messages, framed_count, digests);
    for (size_t i = 0; i < framed_count; i++) {
        framed[i]->status = kpl_frame_check_digest(&framed[i]->frame, digests[i]);
    }
}
