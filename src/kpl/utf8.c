/* Valid and invalid UTF-8: see utf8.h. */
#include "kpl/utf8.h"

#include <string.h>

static const uint8_t REPLACEMENT[] = {0xEF, 0xBF, 0xBD};

/* The next part of a text: a valid character, or bytes to be replaced by one U+FFFD. */
typedef struct {
    size_t size; /* 1 to 4 */
    bool valid;
} part;

/* The number of bytes of the character that begins with `lead`; 0 if none does. */
static size_t
character_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2 || lead > 0xF4) {
        return 0;
    }
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* Whether `second` may follow `lead`, the first of two or more bytes. The ranges leave out
 * overlong forms, surrogates and characters above U+10FFFF. */
static bool
may_follow(uint8_t lead, uint8_t second)
{
    uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    return second >= least && second <= most;
}

/* The part at the beginning of `text`, which is not empty. */
static part
next_part(kpl_bytes text)
{
    size_t expected = character_size(text.data[0]);
    if (expected <= 1) {
        return (part){1, expected == 1};
    }
    if (text.size < 2 || !may_follow(text.data[0], text.data[1])) {
        return (part){1, false};
    }
    size_t size = 2;
    while (size < expected && size < text.size && (text.data[size] & 0xC0) == 0x80) {
        size++;
    }
    return (part){size, size == expected};
}

/* The number of ASCII characters at the beginning of `text`, or a little less. */
static size_t
ascii_prefix(kpl_bytes text)
{
    size_t size = 0;
    while (text.size - size >= sizeof(uint64_t)) {
        uint64_t block;
        memcpy(&block, text.data + size, sizeof block);
        if ((block & UINT64_C(0x8080808080808080)) != 0) {
            return size;
        }
        size += sizeof block;
    }
    while (size < text.size && text.data[size] < 0x80) {
        size++;
    }
    return size;
}

/* The part that begins at `at`, which is inside `text`. */
static part
part_at(kpl_bytes text, size_t at)
{
    return next_part((kpl_bytes){text.data + at, text.size - at});
}

bool
kpl_utf8_is_valid(kpl_bytes text)
{
    bool valid = true;
    size_t at = ascii_prefix(text);
    while (valid && at < text.size) {
        part next = part_at(text, at);
        valid = next.valid;
        at += next.size;
    }
    return valid;
}

size_t
kpl_utf8_replaced_size(kpl_bytes text)
{
    size_t size = 0;
    size_t at = 0;
    while (at < text.size) {
        part next = part_at(text, at);
        size += next.valid ? next.size : sizeof REPLACEMENT;
        at += next.size;
    }
    return size;
}

void
kpl_utf8_replace(kpl_bytes text, uint8_t *output)
{
    size_t at = 0;
    while (at < text.size) {
        part next = part_at(text, at);
        size_t size = next.valid ? next.size : sizeof REPLACEMENT;
        memcpy(output, next.valid ? text.data + at : REPLACEMENT, size);
        output += size;
        at += next.size;
    }
}
