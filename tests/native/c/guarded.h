/* For the programs in this folder: memory between two inaccessible pages, and a check that ends
 * the program.
 *
 * Each function under test receives its input and output twice, once ending at one page and once
 * beginning at the other, so that reading or writing one byte too many on either side ends the
 * program. */
#ifndef GUARDED_H
#define GUARDED_H

#define _DEFAULT_SOURCE

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define GUARDED_SIZE 65536 /* a multiple of every page size */

typedef enum { AT_START, AT_END } place;

#define CHECK(condition, ...)                                               \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                   \
            fputc('\n', stderr);                                            \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

/* GUARDED_SIZE bytes, never released. */
static inline uint8_t *
guarded_new(void)
{
    uint8_t *memory = mmap(NULL, 3 * GUARDED_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED ||
        mprotect(memory + GUARDED_SIZE, GUARDED_SIZE, PROT_READ | PROT_WRITE) != 0) {
        perror("guarded memory");
        exit(2);
    }
    return memory + GUARDED_SIZE;
}

/* The beginning of `size` bytes of guarded memory. */
static inline uint8_t *
guarded_at(uint8_t *memory, size_t size, place where)
{
    return where == AT_START ? memory : memory + GUARDED_SIZE - size;
}

#endif
