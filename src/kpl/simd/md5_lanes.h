/* MD5 of several messages at once, one in each lane of a vector. Included by the files that have
 * the vectors.
 *
 * Each of them first defines
 *   TARGET  the attribute that functions with the instruction set carry
 *   LANES   how many words a vector has
 *   vector  a GCC vector of LANES words
 *   load_block(blocks, offset, words)  sets lane l of words[i] to word i of the block at
 *                                      blocks[l] + offset
 *
 * A vector is best two registers wide: each step waits for the one before, and a second,
 * independent register fills that time. */
#define KPL_MD5_KEEP(a) (void)0
#include "kpl/simd/md5_rounds.h"
#include "kpl/simd/md5_state.h"

#include <string.h>

/* Fewer messages than this are faster one after another (measured with AVX2). */
#define FEWEST 3

/* The messages in progress, in the lanes below `active`. Results in other lanes are ignored. */
typedef struct {
    size_t active;
    uint32_t a[LANES], b[LANES], c[LANES], d[LANES]; /* the state of each */
    const uint8_t *next[LANES];                      /* its next block */
    size_t left[LANES];                              /* how many blocks follow there, at least 1 */
    bool padded[LANES];    /* whether those are its last blocks, in `padding` */
    size_t message[LANES]; /* its index */
    uint8_t padding[LANES][2 * KPL_MD5_BLOCK_SIZE];
} lanes;

static void
set_state(lanes *all, size_t lane, kpl_md5_state state)
{
    all->a[lane] = state.a;
    all->b[lane] = state.b;
    all->c[lane] = state.c;
    all->d[lane] = state.d;
}

static kpl_md5_state
get_state(const lanes *all, size_t lane)
{
    return (kpl_md5_state){all->a[lane], all->b[lane], all->c[lane], all->d[lane]};
}

/* Moves a lane on to the last blocks of its message. */
static void
start_padding(lanes *all, size_t lane, kpl_bytes message)
{
    all->next[lane] = all->padding[lane];
    all->left[lane] = kpl_md5_pad(message, all->padding[lane]);
    all->padded[lane] = true;
}

static void
start_message(lanes *all, size_t lane, const kpl_bytes *messages, size_t index)
{
    set_state(all, lane, kpl_md5_start);
    all->message[lane] = index;
    all->next[lane] = messages[index].data;
    all->left[lane] = messages[index].size / KPL_MD5_BLOCK_SIZE;
    all->padded[lane] = false;
    if (all->left[lane] == 0) {
        start_padding(all, lane, messages[index]);
    }
}

/* Moves the message of the last active lane into this lane, which has finished its own. */
static void
close_lane(lanes *all, size_t lane)
{
    size_t last = --all->active;
    if (lane == last) {
        return;
    }
    set_state(all, lane, get_state(all, last));
    all->message[lane] = all->message[last];
    all->left[lane] = all->left[last];
    all->padded[lane] = all->padded[last];
    all->next[lane] = all->next[last];
    if (all->padded[last]) {
        ptrdiff_t done = all->next[last] - all->padding[last];
        memcpy(all->padding[lane], all->padding[last], sizeof all->padding[lane]);
        all->next[lane] = all->padding[lane] + done;
    }
}

/* Hashes `count` blocks in every lane. Every active lane has that many left. The other lanes read
 * the blocks of lane 0, so that they stay inside readable memory. */
TARGET static void
run_blocks(lanes *all, size_t count)
{
    for (size_t lane = all->active; lane < LANES; lane++) {
        all->next[lane] = all->next[0];
    }
    vector a, b, c, d;
    memcpy(&a, all->a, sizeof a);
    memcpy(&b, all->b, sizeof b);
    memcpy(&c, all->c, sizeof c);
    memcpy(&d, all->d, sizeof d);
    for (size_t i = 0; i < count; i++) {
        vector words[16];
        load_block(all->next, i * KPL_MD5_BLOCK_SIZE, words);
        vector a0 = a, b0 = b, c0 = c, d0 = d;
        KPL_MD5_ROUNDS(a, b, c, d, words);
        a += a0, b += b0, c += c0, d += d0;
    }
    memcpy(all->a, &a, sizeof a);
    memcpy(all->b, &b, sizeof b);
    memcpy(all->c, &c, sizeof c);
    memcpy(all->d, &d, sizeof d);
    for (size_t lane = 0; lane < all->active; lane++) {
        all->next[lane] += count * KPL_MD5_BLOCK_SIZE;
        all->left[lane] -= count;
    }
}

/* The fewest blocks that any active lane has left. */
static size_t
fewest_left(const lanes *all)
{
    size_t fewest = all->left[0];
    for (size_t lane = 1; lane < all->active; lane++) {
        fewest = all->left[lane] < fewest ? all->left[lane] : fewest;
    }
    return fewest;
}

/* Finishes the message of one lane without vectors. */
static void
finish_alone(const lanes *all, size_t lane, kpl_bytes message, uint8_t digest[KPL_DIGEST_SIZE])
{
    kpl_md5_state state = get_state(all, lane);
    kpl_md5_blocks(&state, all->next[lane], all->left[lane]);
    if (!all->padded[lane]) {
        uint8_t padding[2 * KPL_MD5_BLOCK_SIZE];
        kpl_md5_blocks(&state, padding, kpl_md5_pad(message, padding));
    }
    kpl_md5_write_digest(&state, digest);
}

TARGET static void
md5_many(const kpl_bytes *messages, size_t count, uint8_t (*digests)[KPL_DIGEST_SIZE])
{
    lanes all;
    size_t started = 0;
    for (all.active = 0; all.active < LANES && started < count; all.active++) {
        start_message(&all, all.active, messages, started++);
    }
    while (all.active >= FEWEST) {
        run_blocks(&all, fewest_left(&all));
        /* Downwards: a closed lane receives a message from above, which has been handled. */
        for (size_t lane = all.active; lane-- > 0;) {
            size_t message = all.message[lane];
            if (all.left[lane] > 0) {
                continue;
            }
            if (!all.padded[lane]) {
                start_padding(&all, lane, messages[message]);
                continue;
            }
            kpl_md5_state state = get_state(&all, lane);
            kpl_md5_write_digest(&state, digests[message]);
            if (started < count) {
                start_message(&all, lane, messages, started++);
            }
            else {
                close_lane(&all, lane);
            }
        }
    }
    for (size_t lane = 0; lane < all.active; lane++) {
        size_t message = all.message[lane];
        finish_alone(&all, lane, messages[message], digests[message]);
    }
}
