/* base64 in plain C: the kernel that runs everywhere, and the reference for the others. */
#include "kpl/simd/base64.h"

const char kpl_base64_characters[65] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define NO 0xff
const uint8_t kpl_base64_values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63, /* + / */
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO, /* 0 to 9 */
    NO, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, /* A to O */
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO, /* P to Z */
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* a to o */
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO, /* p to z */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, /* */
};
#undef NO

size_t
kpl_base64_encoded_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

/* Writes the characters of 24 bits. */
static void
encode_group(uint32_t bits, char text[4])
{
    text[0] = kpl_base64_characters[bits >> 18];
    text[1] = kpl_base64_characters[bits >> 12 & 63];
    text[2] = kpl_base64_characters[bits >> 6 & 63];
    text[3] = kpl_base64_characters[bits & 63];
}

void
kpl_base64_encode_plain(kpl_bytes bytes, char *text)
{
    const uint8_t *data = bytes.data;
    size_t size = bytes.size;
    for (; size >= 3; size -= 3, data += 3, text += 4) {
        encode_group((uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2], text);
    }
    if (size == 2) {
        encode_group((uint32_t)data[0] << 16 | (uint32_t)data[1] << 8, text);
        text[3] = '=';
    }
    else if (size == 1) {
        encode_group((uint32_t)data[0] << 16, text);
        text[2] = text[3] = '=';
    }
}

/* Decodes 4 characters into the first `size` of 3 bytes. Returns a value above 63 unless all 4 are
 * in the alphabet. */
static uint8_t
decode_group(const uint8_t text[4], uint8_t *bytes, size_t size)
{
    uint8_t first = kpl_base64_values[text[0]];
    uint8_t second = kpl_base64_values[text[1]];
    uint8_t third = kpl_base64_values[text[2]];
    uint8_t fourth = kpl_base64_values[text[3]];
    uint32_t bits = (uint32_t)first << 18 | (uint32_t)second << 12 | (uint32_t)third << 6 | fourth;
    bytes[0] = (uint8_t)(bits >> 16);
    if (size > 1) {
        bytes[1] = (uint8_t)(bits >> 8);
    }
    if (size > 2) {
        bytes[2] = (uint8_t)bits;
    }
    return first | second | third | fourth;
}

bool
kpl_base64_decode_plain(kpl_bytes text, uint8_t *bytes, size_t *size)
{
    if (text.size % 4 != 0) {
        return false;
    }
    if (text.size == 0) {
        *size = 0;
        return true;
    }
    /* All groups except the last, the only one that may have padding. */
    size_t groups = text.size / 4 - 1;
    uint8_t seen = 0;
    for (size_t i = 0; i < groups; i++) {
        seen |= decode_group(text.data + 4 * i, bytes + 3 * i, 3);
    }

    uint8_t last[4];
    size_t padding = 0;
    for (size_t i = 0; i < 4; i++) {
        last[i] = text.data[4 * groups + i];
    }
    for (; padding < 2 && last[3 - padding] == '='; padding++) {
        last[3 - padding] = 'A'; /* 0, which adds no bits */
    }
    seen |= decode_group(last, bytes + 3 * groups, 3 - padding);
    if (seen > 63) {
        return false;
    }
    *size = 3 * groups + 3 - padding;
    return true;
}
