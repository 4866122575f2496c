/* Parsing, hashing and comparing: see hash_key.h. */
#include "kpl/hash_key.h"

#include "kpl/simd/md5.h"

#include <string.h>

#define LIMBS 4

_Static_assert(sizeof(kpl_hash_key) == KPL_DIGEST_SIZE, "a hash key is as long as a digest");

/* limbs = limbs * 10 + digit, least significant limb first. Returns whether the result is below
 * 2**128. */
static bool
append_digit(uint32_t limbs[LIMBS], uint32_t digit)
{
    uint64_t carry = digit;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += (uint64_t)limbs[i] * 10;
        limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return carry == 0;
}

bool
kpl_hash_key_parse(kpl_bytes text, kpl_hash_key *hash_key)
{
    uint32_t limbs[LIMBS] = {0};
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        if (character < '0' || character > '9' ||
            !append_digit(limbs, (uint32_t)(character - '0'))) {
            return false;
        }
    }
    if (text.size == 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof hash_key->bytes; i++) {
        hash_key->bytes[sizeof hash_key->bytes - 1 - i] = (uint8_t)(limbs[i / 4] >> (i % 4 * 8));
    }
    return true;
}

kpl_hash_key
kpl_hash_key_of_partition_key(kpl_bytes partition_key)
{
    kpl_hash_key hash_key;
    kpl_md5(partition_key, hash_key.bytes);
    return hash_key;
}

int
kpl_hash_key_compare(const kpl_hash_key *a, const kpl_hash_key *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}
