/* Explicit hash keys and partition keys in guarded memory: the numbers around 2**128, every
 * truncation of the largest, and every byte at every position in it. */
#include "guarded.h"

#include "kpl/hash_key.h"

#include <string.h>

#define LARGEST "340282366920938463463374607431768211455" /* 2**128 - 1 */

static const kpl_hash_key ZERO;
static const kpl_hash_key UNTOUCHED = {"0123456789abcde"};

/* Parses `text` in both places. If it is not a hash key, *hash_key is unchanged. */
static bool
parse(uint8_t *memory, const char *text, size_t size, kpl_hash_key *hash_key)
{
    bool valid[2];
    for (place where = AT_START; where <= AT_END; where++) {
        uint8_t *copy = guarded_at(memory, size, where);
        memcpy(copy, text, size);
        *hash_key = UNTOUCHED;
        valid[where] = kpl_hash_key_parse((kpl_bytes){copy, size}, hash_key);
        CHECK(valid[where] || kpl_hash_key_compare(hash_key, &UNTOUCHED) == 0, "%s", text);
    }
    CHECK(valid[AT_START] == valid[AT_END], "%s", text);
    return valid[AT_END];
}

static void
check_limits(uint8_t *memory)
{
    kpl_hash_key hash_key, largest;
    memset(&largest, 0xff, sizeof largest);
    CHECK(!parse(memory, "", 0, &hash_key), "no digit");
    CHECK(parse(memory, "0", 1, &hash_key), "0");
    CHECK(kpl_hash_key_compare(&hash_key, &ZERO) == 0, "0");
    CHECK(parse(memory, "000" LARGEST, strlen(LARGEST) + 3, &hash_key), "leading zeros");
    CHECK(kpl_hash_key_compare(&hash_key, &largest) == 0, "2**128 - 1");
    CHECK(kpl_hash_key_compare(&ZERO, &hash_key) < 0, "0 < 2**128 - 1");
    CHECK(!parse(memory, LARGEST "0", strlen(LARGEST) + 1, &hash_key), "one digit more");
}

static void
check_every_byte(uint8_t *memory)
{
    char text[] = LARGEST;
    kpl_hash_key hash_key;
    for (size_t i = 0; i < strlen(LARGEST); i++) {
        CHECK(parse(memory, LARGEST, i + 1, &hash_key), "%zu digits", i + 1);
        for (int value = 0; value < 256; value++) {
            text[i] = (char)value;
            /* Of two numbers of equal length, the first digit that differs decides. */
            bool expected = value >= '0' && value <= LARGEST[i];
            CHECK(parse(memory, text, strlen(LARGEST), &hash_key) == expected,
                  "byte %d at %zu of the largest", value, i);
        }
        text[i] = LARGEST[i];
    }
}

static void
check_partition_keys(uint8_t *memory)
{
    static const uint8_t md5_of_nothing[] = {0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04,
                                             0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e};
    kpl_hash_key hash_key = kpl_hash_key_of_partition_key((kpl_bytes){memory, 0});
    CHECK(memcmp(hash_key.bytes, md5_of_nothing, sizeof md5_of_nothing) == 0, "MD5 of nothing");
    for (size_t size = 0; size <= 300; size++) {
        kpl_hash_key of_each[2];
        for (place where = AT_START; where <= AT_END; where++) {
            uint8_t *partition_key = guarded_at(memory, size, where);
            memset(partition_key, 'k', size);
            of_each[where] = kpl_hash_key_of_partition_key((kpl_bytes){partition_key, size});
        }
        CHECK(kpl_hash_key_compare(&of_each[0], &of_each[1]) == 0, "%zu bytes", size);
    }
}

int
main(void)
{
    uint8_t *memory = guarded_new();
    check_limits(memory);
    check_every_byte(memory);
    check_partition_keys(memory);
    return 0;
}
