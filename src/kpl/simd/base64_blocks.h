/* base64 block by block. Included by the files that have vector code for one block.
 *
 * Each of them first defines
 *   TARGET  the attribute that functions with the instruction set carry
 *   GROUPS  how many groups, of 3 bytes and 4 characters, a block has
 *   encode_block(bytes, text)  reads exactly 3 * GROUPS bytes, writes 4 * GROUPS characters
 *   decode_block(text, bytes, &valid)  the reverse; records in `valid` whether a character is
 *                                      outside the alphabet
 *   validity   the type of `valid`
 *   ALL_VALID  what `valid` starts as
 *   is_valid(valid)  whether every character was in the alphabet
 *
 * Blocks lie side by side from the start. The groups left over are covered by one more block that
 * ends with the last of them: it overlaps the block before and writes the same bytes there again.
 * So nothing outside the groups is read or written. The plain kernel handles the last group, which
 * may have padding, and input shorter than a block. */
#include "kpl/simd/base64.h"

TARGET static void
encode_blocks(kpl_bytes bytes, char *text)
{
    size_t groups = bytes.size / 3;
    if (groups < GROUPS) {
        kpl_base64_encode_plain(bytes, text);
        return;
    }
    for (size_t done = 0; groups - done >= GROUPS; done += GROUPS) {
        encode_block(bytes.data + 3 * done, text + 4 * done);
    }
    if (groups % GROUPS != 0) {
        size_t last = groups - GROUPS;
        encode_block(bytes.data + 3 * last, text + 4 * last);
    }
    kpl_bytes rest = {bytes.data + 3 * groups, bytes.size - 3 * groups};
    kpl_base64_encode_plain(rest, text + 4 * groups);
}

TARGET static bool
decode_blocks(kpl_bytes text, uint8_t *bytes, size_t *size)
{
    if (text.size / 4 < GROUPS + 1) {
        return kpl_base64_decode_plain(text, bytes, size);
    }
    size_t groups = text.size / 4 - 1; /* without the last */
    validity valid = ALL_VALID;
    for (size_t done = 0; groups - done >= GROUPS; done += GROUPS) {
        decode_block(text.data + 4 * done, bytes + 3 * done, &valid);
    }
    if (groups % GROUPS != 0) {
        size_t last = groups - GROUPS;
        decode_block(text.data + 4 * last, bytes + 3 * last, &valid);
    }
    kpl_bytes rest = {text.data + 4 * groups, text.size - 4 * groups};
    size_t rest_size;
    if (!is_valid(valid) || !kpl_base64_decode_plain(rest, bytes + 3 * groups, &rest_size)) {
        return false;
    }
    *size = 3 * groups + rest_size;
    return true;
}
