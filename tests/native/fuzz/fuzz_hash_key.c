/* Explicit hash keys, one in each half of the input: whether they are valid, their values, and
 * their order. */
#include "fuzz.h"

#include "kpl/hash_key.h"
#include "kpl/simd/md5.h"

typedef unsigned __int128 number;

/* Parses with the compiler's own 128-bit integers. */
static bool
parse(kpl_bytes text, number *value)
{
    *value = 0;
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9 || *value > (~(number)0 - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
    }
    return text.size > 0;
}

static number
number_of(const kpl_hash_key *hash_key)
{
    number value = 0;
    for (size_t i = 0; i < sizeof hash_key->bytes; i++) {
        value = value << 8 | hash_key->bytes[i];
    }
    return value;
}

/* Parses `text` both ways. If it is invalid, *hash_key is unchanged. */
static void
check_parsing(kpl_bytes text, kpl_hash_key *hash_key)
{
    number before = number_of(hash_key), expected;
    bool valid = parse(text, &expected);
    expect(kpl_hash_key_parse(text, hash_key) == valid, "decimal digits below 2**128");
    expect(number_of(hash_key) == (valid ? expected : before), "the number");
    uint8_t digest[KPL_DIGEST_SIZE];
    kpl_md5(text, digest);
    kpl_hash_key implicit = kpl_hash_key_of_partition_key(text);
    expect(same_bytes(implicit.bytes, digest, sizeof digest), "MD5 of a partition key");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kpl_bytes first = exact_copy(data, size / 2);
    kpl_bytes second = exact_copy(data + size / 2, size - size / 2);
    kpl_hash_key a = {{0}}, b = {{0}};
    check_parsing(first, &a);
    check_parsing(second, &b);
    number left = number_of(&a), right = number_of(&b);
    int order = kpl_hash_key_compare(&a, &b);
    expect((order > 0) - (order < 0) == (left > right) - (left < right), "the order");
    free((void *)first.data);
    free((void *)second.data);
    return 0;
}
