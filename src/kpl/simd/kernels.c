/* The kernel sets and the choice among them: see kernels.h. */
#include "kpl/simd/kernels.h"

#include "kpl/simd/base64.h"
#include "kpl/simd/md5.h"

static bool
runs_everywhere(void)
{
    return true;
}

static const kpl_kernels PLAIN = {
    .name = "plain",
    .runs_here = runs_everywhere,
    .base64_encode = kpl_base64_encode_plain,
    .base64_decode = kpl_base64_decode_plain,
    .md5_many = kpl_md5_many_plain,
};

#ifdef KPL_HAVE_AVX2
static bool
has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

static const kpl_kernels AVX2 = {
    .name = "avx2",
    .runs_here = has_avx2,
    .base64_encode = kpl_base64_encode_avx2,
    .base64_decode = kpl_base64_decode_avx2,
    .md5_many = kpl_md5_many_avx2,
};
#endif

#ifdef KPL_HAVE_NEON
/* NEON is part of every aarch64 machine. */
static const kpl_kernels NEON = {
    .name = "neon",
    .runs_here = runs_everywhere,
    .base64_encode = kpl_base64_encode_neon,
    .base64_decode = kpl_base64_decode_neon,
    .md5_many = kpl_md5_many_neon,
};
#endif

const kpl_kernels *const kpl_kernel_sets[] = {
    &PLAIN,
#ifdef KPL_HAVE_AVX2
    &AVX2,
#endif
#ifdef KPL_HAVE_NEON
    &NEON,
#endif
    NULL,
};

const kpl_kernels *
kpl_kernels_best(void)
{
    const kpl_kernels *best = &PLAIN;
    for (size_t i = 0; kpl_kernel_sets[i] != NULL; i++) {
        if (kpl_kernel_sets[i]->runs_here()) {
            best = kpl_kernel_sets[i];
        }
    }
    return best;
}
