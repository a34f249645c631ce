/* SPDX-License-Identifier: MIT */
/* Which instruction set to use: the best this machine runs, or the one NNRUN_ISA asks for; and a plugin's variant
 * for it. */
#include "base/status.h"
#include "plugin/registry.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__)
/* What __builtin_cpu_supports() of clang 14 has no names for: LZCNT, MOVBE and F16C. */
static bool has_small_extensions(void)
{
    unsigned a, b, basic, extended, d;
    return __get_cpuid(1, &a, &b, &basic, &d) && (basic & bit_MOVBE) && (basic & bit_F16C)
           && __get_cpuid(0x80000001, &a, &b, &extended, &d) && (extended & bit_LZCNT);
}

/* The levels are those of the x86-64 psABI, section 3.1.1.  __builtin_cpu_supports() also asks
 * whether the system saves the wide registers. */
static nn_isa best_here(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt")) {
        return NN_ISA_ANY;
    }
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")
        || !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2")
        || !has_small_extensions()) {
        return NN_ISA_X86_64_V2;
    }
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw")
        || !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq")
        || !__builtin_cpu_supports("avx512vl")) {
        return NN_ISA_X86_64_V3;
    }
    return NN_ISA_X86_64_V4;
}
#else
static nn_isa best_here(void)
{
    return NN_ISA_ANY;
}
#endif

const char *nn_isa_name(nn_isa isa)
{
    switch (isa) {
    case NN_ISA_X86_64_V2:
        return "x86-64-v2";
    case NN_ISA_X86_64_V3:
        return "x86-64-v3";
    case NN_ISA_X86_64_V4:
        return "x86-64-v4";
    case NN_ISA_ANY:
        break;
    }
    return "any";
}

nn_status nn_isa_choose(nn_isa *out)
{
    nn_isa best = best_here();
    const char *asked = getenv("NNRUN_ISA");
    if (asked == NULL || asked[0] == '\0') {
        *out = best;
        return NN_OK;
    }
    static const nn_isa known[] = {NN_ISA_X86_64_V2, NN_ISA_X86_64_V3, NN_ISA_X86_64_V4};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const char *name = nn_isa_name(known[i]);
        if (strcmp(asked, name) == 0 || strcmp(asked, name + strlen("x86-64-")) == 0) {
            if (known[i] > best) {
                return nn_fail(NN_ERR_USAGE, "NNRUN_ISA=%s: this machine runs no more than %s", asked,
                               nn_isa_name(best));
            }
            *out = known[i];
            return NN_OK;
        }
    }
    return nn_fail(NN_ERR_USAGE, "NNRUN_ISA=%s: no such instruction set; v2, v3 or v4", asked);
}

nn_status nn_plugin_ops(const nn_plugin *plugin, unsigned bits, nn_isa isa, const void **ops)
{
    const nn_variant *best = NULL;
    bool precision = false;
    for (size_t i = 0; i < plugin->manifest->variant_count; i++) {
        const nn_variant *variant = &plugin->manifest->variants[i];
        precision = precision || variant->bits == bits;
        if (variant->bits == bits && variant->isa <= (uint32_t)isa
            && (best == NULL || variant->isa > best->isa)) {
            best = variant;
        }
    }
    if (best == NULL && !precision) {
        return nn_fail(NN_ERR_PLUGIN, "%s %s (%s) has no float%u variant; build it for both precisions, or "
                       "set precision: float%u", nn_kind_name(plugin->kind), plugin->name, plugin->path,
                       bits, bits == 32 ? 64 : 32);
    }
    if (best == NULL) {
        return nn_fail(NN_ERR_PLUGIN, "%s %s (%s) has no variant for %s; build it on this machine",
                       nn_kind_name(plugin->kind), plugin->name, plugin->path, nn_isa_name(isa));
    }
    *ops = best->ops;
    return NN_OK;
}
