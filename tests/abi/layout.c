/* SPDX-License-Identifier: MIT */
/* Prints where each field of the ABI 1.0 structures lies, and each number that is part of the ABI.  Compiled with the
 * frozen headers and with today's; abi_layout compares. */
#include <nnrun/activation.h>
#include <nnrun/cost.h>
#include <nnrun/initializer.h>
#include <nnrun/loader.h>
#include <nnrun/optimizer.h>

#include <stdio.h>

#define FIELD(type, field) printf(#type "." #field " %zu %zu\n", offsetof(type, field), sizeof(((type *)0)->field));
#define NUMBER(name) printf(#name " %lld\n", (long long)(name));
#define ABOUT(type)                                                                                \
    FIELD(type, name) FIELD(type, summary) FIELD(type, formula) FIELD(type, reference)             \
    FIELD(type, params) FIELD(type, self_size) FIELD(type, flags) FIELD(type, create)              \
    FIELD(type, destroy) FIELD(type, reserved)

int main(void)
{
    FIELD(nn_manifest, magic) FIELD(nn_manifest, abi_major) FIELD(nn_manifest, abi_minor)
    FIELD(nn_manifest, size) FIELD(nn_manifest, kind) FIELD(nn_manifest, param_row_size)
    FIELD(nn_manifest, variant_size) FIELD(nn_manifest, variant_count) FIELD(nn_manifest, variants)
    FIELD(nn_manifest, built_with)
    FIELD(nn_variant, bits) FIELD(nn_variant, isa) FIELD(nn_variant, ops_size) FIELD(nn_variant, ops)
    FIELD(nn_param, name) FIELD(nn_param, doc) FIELD(nn_param, unit) FIELD(nn_param, type)
    FIELD(nn_param, flags) FIELD(nn_param, offset) FIELD(nn_param, def) FIELD(nn_param, min)
    FIELD(nn_param, max) FIELD(nn_param, def_text) FIELD(nn_param, choices) FIELD(nn_param, least)
    FIELD(nn_param, most)
    FIELD(nn_list, items) FIELD(nn_list, count)
    FIELD(nn_stream, key) FIELD(nn_stream, counter)
    FIELD(nn_host, size) FIELD(nn_host, bits) FIELD(nn_host, context) FIELD(nn_host, base_dir)
    FIELD(nn_host, alloc) FIELD(nn_host, free) FIELD(nn_host, log) FIELD(nn_host, uniform)
    FIELD(nn_host, normal) FIELD(nn_host, fail)
    FIELD(nn_shape, size) FIELD(nn_shape, height) FIELD(nn_shape, width) FIELD(nn_shape, channels)
    FIELD(nn_shape, units) FIELD(nn_shape, batch)
    ABOUT(nn_activation)
    FIELD(nn_activation, forward) FIELD(nn_activation, backward) FIELD(nn_activation, least)
    FIELD(nn_activation, most) FIELD(nn_activation, kinks) FIELD(nn_activation, kink_count)
    FIELD(nn_activation, find_kinks)
    ABOUT(nn_cost)
    FIELD(nn_cost, value) FIELD(nn_cost, gradient) FIELD(nn_cost, link_gradient)
    FIELD(nn_cost, least) FIELD(nn_cost, most) FIELD(nn_cost, find_kinks)
    ABOUT(nn_optimizer)
    FIELD(nn_optimizer, slots) FIELD(nn_optimizer, scalars) FIELD(nn_optimizer, begin)
    FIELD(nn_optimizer, update) FIELD(nn_optimizer, rate)
    FIELD(nn_step, size) FIELD(nn_step, t) FIELD(nn_step, rate) FIELD(nn_step, scalars)
    ABOUT(nn_loader)
    FIELD(nn_loader, open) FIELD(nn_loader, close) FIELD(nn_loader, reader_create)
    FIELD(nn_loader, reader_destroy) FIELD(nn_loader, read) FIELD(nn_loader, sample_name)
    FIELD(nn_loader, open_files) FIELD(nn_loader, write)
    FIELD(nn_source, size) FIELD(nn_source, dtype) FIELD(nn_source, targets) FIELD(nn_source, image)
    FIELD(nn_source, samples) FIELD(nn_source, height) FIELD(nn_source, width)
    FIELD(nn_source, channels) FIELD(nn_source, outputs) FIELD(nn_source, class_count)
    FIELD(nn_source, class_names) FIELD(nn_source, identity) FIELD(nn_source, stat)
    FIELD(nn_source, handle)
    FIELD(nn_read_status, code) FIELD(nn_read_status, message)
    ABOUT(nn_initializer)
    FIELD(nn_initializer, fill) FIELD(nn_initializer, moments)
    NUMBER(NN_KIND_ACTIVATION) NUMBER(NN_KIND_COST) NUMBER(NN_KIND_OPTIMIZER)
    NUMBER(NN_KIND_LOADER) NUMBER(NN_KIND_INITIALIZER)
    NUMBER(NN_TYPE_REAL) NUMBER(NN_TYPE_INT) NUMBER(NN_TYPE_BOOL) NUMBER(NN_TYPE_TEXT)
    NUMBER(NN_TYPE_CHOICE) NUMBER(NN_TYPE_PATH) NUMBER(NN_TYPE_LIST)
    NUMBER(NN_REQUIRED) NUMBER(NN_OPEN_MIN) NUMBER(NN_OPEN_MAX) NUMBER(NN_LOG) NUMBER(NN_DEPRECATED)
    NUMBER(NN_OPTIONAL)
    NUMBER(NN_ELEMENTWISE) NUMBER(NN_NEEDS_Z) NUMBER(NN_NEEDS_A) NUMBER(NN_LINK_SIGMOID)
    NUMBER(NN_LINK_SOFTMAX) NUMBER(NN_LINK_LOG_SOFTMAX) NUMBER(NN_HAS_RANGE)
    NUMBER(NN_TAKES_REALS) NUMBER(NN_TAKES_CLASSES)
    NUMBER(NN_DTYPE_UINT8) NUMBER(NN_DTYPE_REAL) NUMBER(NN_TARGETS_NONE) NUMBER(NN_TARGETS_CLASSES)
    NUMBER(NN_TARGETS_REALS) NUMBER(NN_HASH_CONTENT)
    NUMBER(NN_SLOTS_MAX) NUMBER(NN_SCALARS_MAX)
    NUMBER(NN_LOG_DEBUG) NUMBER(NN_LOG_INFO) NUMBER(NN_LOG_WARNING) NUMBER(NN_LOG_ERROR)
    NUMBER(NN_ISA_ANY) NUMBER(NN_ISA_X86_64_V2) NUMBER(NN_ISA_X86_64_V3) NUMBER(NN_ISA_X86_64_V4)
#define STATUS(name, value, sentence) NUMBER(name)
    NN_STATUS_LIST(STATUS)
    return 0;
}
