/* SPDX-License-Identifier: MIT */
/* Which instruction sets a variant may be run with on this machine. */
#ifndef ISA_H
#define ISA_H

#include <nnrun/plugin.h>

/* The variant that every build has and every machine of its kind runs. */
#if defined(__x86_64__)
#define ISA_PLAINEST NN_ISA_X86_64_V2
#else
#define ISA_PLAINEST NN_ISA_ANY
#endif

static inline bool isa_runs(uint32_t isa)
{
    switch (isa) {
#if defined(__x86_64__)
    case NN_ISA_X86_64_V2:
        return __builtin_cpu_supports("sse4.2");
    case NN_ISA_X86_64_V3:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case NN_ISA_X86_64_V4:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
               && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
               && __builtin_cpu_supports("avx512vl");
#endif
    default:
        return isa == NN_ISA_ANY;
    }
}

#endif
