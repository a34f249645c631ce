/* SPDX-License-Identifier: MIT */
#include "plugin/manifest.h"

#include "plugin/kind.h"
#include "plugin/param.h"
#include "plugin/registry.h"

#include <nnrun/cost.h>

#include <math.h>
#include <string.h>

enum { VARIANTS_MOST = 64, PARAMS_MOST = 256, CHOICES_MOST = 256, NAME_MOST = 64, SELF_BYTES_MOST = 16 << 20 };

/* Sizes in ABI 1.0; structures have grown, if at all, behind these. */
enum {
    MANIFEST_LEAST = offsetof(nn_manifest, built_with) + sizeof(const char *),
    VARIANT_LEAST = offsetof(nn_variant, ops) + sizeof(const void *),
    PARAM_LEAST = offsetof(nn_param, most) + sizeof(size_t)
};

/* What every check is told. */
struct subject {
    const nn__library *library;
    const char *path;
    const nn__kind *kind;
};

static bool aligned(const void *pointer, size_t alignment)
{
    return (uintptr_t)pointer % alignment == 0;
}

/* The frozen prefix: what may be said about a plugin whatever its age. */
static nn_status check_prefix(const struct subject *subject, const nn_manifest *claimed)
{
    const char *path = subject->path;
    if (!nn__library_holds(subject->library, claimed, offsetof(nn_manifest, kind))
        || !aligned(claimed, _Alignof(nn_manifest))
        || memcmp(claimed->magic, NN_MANIFEST_MAGIC, sizeof claimed->magic) != 0) {
        return nn_fail(NN_ERR_PLUGIN, "%s: its nnrun_plugin() gives no nnrun manifest (wrong magic); "
                       "build it with nnrun's own headers", path);
    }
    if (claimed->abi_major != NN_ABI_MAJOR) {
        return nn_fail(NN_ERR_PLUGIN, "%s: built for plugin ABI %u.%u, this nnrun takes %d.0 to %d.%d; "
                       "rebuild it with the headers of this nnrun", path, (unsigned)claimed->abi_major,
                       (unsigned)claimed->abi_minor, NN_ABI_MAJOR, NN_ABI_MAJOR, NN_ABI_MINOR);
    }
    if (claimed->size < MANIFEST_LEAST) {
        return nn_fail(NN_ERR_PLUGIN, "%s: its manifest has %u bytes, ABI %d.%u has at least %d; build "
                       "it with nnrun's own headers", path, (unsigned)claimed->size, NN_ABI_MAJOR,
                       (unsigned)claimed->abi_minor, (int)MANIFEST_LEAST);
    }
    if (claimed->abi_minor > NN_ABI_MINOR) {
        return nn_fail(NN_ERR_PLUGIN, "%s: built for plugin ABI %u.%u, this nnrun takes %d.0 to %d.%d; use "
                       "a newer nnrun, or rebuild it with -DNN_ABI_MINOR_TARGET=%d", path,
                       (unsigned)claimed->abi_major, (unsigned)claimed->abi_minor, NN_ABI_MAJOR,
                       NN_ABI_MAJOR, NN_ABI_MINOR, NN_ABI_MINOR);
    }
    return NN_OK;
}

static nn_status refuse_table(const struct subject *subject, const char *what)
{
    return nn_fail(NN_ERR_PLUGIN, "%s: its table is damaged: %s lies outside the file; build it again",
                   subject->path, what);
}

static bool good_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= NAME_MOST && name[0] >= 'a' && name[0] <= 'z'
        && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

/* ---- The rows of a parameter table ---- */

static nn_status refuse_param(const struct subject *subject, const nn_param *param, const char *what)
{
    return nn_fail(NN_ERR_PLUGIN, "%s: parameter \"%s\" %s; mend its row in the source", subject->path,
                   param->name, what);
}

static bool holds_choices(const nn__library *library, const nn_param *param)
{
    if (!aligned(param->choices, _Alignof(const char *))) {
        return false;
    }
    for (size_t i = 0; i < CHOICES_MOST; i++) {
        if (!nn__library_holds(library, param->choices + i, sizeof *param->choices)) {
            return false;
        }
        if (param->choices[i] == NULL) {
            return i > 0;
        }
        if (!nn__library_holds_text(library, param->choices[i])) {
            return false;
        }
    }
    return false;
}

/* NULL where the default may stand. */
static const char *default_fault(const nn_param *param)
{
    uint32_t element = nn__param_element(param);
    if ((param->flags & (NN_REQUIRED | NN_OPTIONAL)) != 0 || (param->type & NN_TYPE_LIST) != 0) {
        return NULL;
    }
    if ((element == NN_TYPE_REAL || element == NN_TYPE_INT)
        && !nn__param_in_range(param, param->def)) {
        return "has a default outside its own range";
    }
    if (element == NN_TYPE_INT && param->def != floor(param->def)) {
        return "is an int with a default that is not whole";
    }
    if (element == NN_TYPE_CHOICE
        && !(param->def >= 0 && param->def < (double)nn__param_choices(param))) {
        return "has a default that is none of its choices";
    }
    if (element == NN_TYPE_PATH && param->def_text == NULL) {
        return "is a path without a default that is neither NN_REQUIRED nor NN_OPTIONAL";
    }
    return NULL;
}

/* One row, its texts known to be readable. */
static nn_status check_row(const struct subject *subject, const nn_about *about, const nn_param *rows,
                           size_t index)
{
    const nn_param *param = &rows[index];
    size_t size = nn__param_size(param);
    if (!good_name(param->name) || strcmp(param->name, "use") == 0) {
        return refuse_param(subject, param, "has a bad name (lower-case letters, digits and _, not "
                            "\"use\")");
    }
    if (param->doc == NULL || param->doc[0] == '\0') {
        return refuse_param(subject, param, "has no doc");
    }
    if (size == 0) {
        return refuse_param(subject, param, "has an unknown type");
    }
    if (param->offset > about->self_size || size > about->self_size - param->offset) {
        return nn_fail(NN_ERR_PLUGIN, "%s: parameter \"%s\" lies at byte %zu, self_size is %zu; set "
                       ".self_size = sizeof the struct", subject->path, param->name, param->offset,
                       about->self_size);
    }
    if (nn__param_element(param) == NN_TYPE_CHOICE
        && (param->choices == NULL || !holds_choices(subject->library, param))) {
        return refuse_param(subject, param, "is a choice without a NULL-terminated list of choices");
    }
    if (!(param->min <= param->max)) {
        return refuse_param(subject, param, "has a least value above its most");
    }
    if ((param->type & NN_TYPE_LIST) != 0 && param->most != 0 && param->least > param->most) {
        return refuse_param(subject, param, "is a list that must be longer than it may be");
    }
    const char *fault = default_fault(param);
    if (fault != NULL) {
        return refuse_param(subject, param, fault);
    }
    for (size_t i = 0; i < index; i++) {
        if (strcmp(rows[i].name, param->name) == 0) {
            return refuse_param(subject, param, "is there twice");
        }
        if (param->offset < rows[i].offset + nn__param_size(&rows[i])
            && rows[i].offset < param->offset + size) {
            return nn_fail(NN_ERR_PLUGIN, "%s: parameters \"%s\" and \"%s\" share their place in self; "
                           "give each a field of its own", subject->path, rows[i].name, param->name);
        }
    }
    return NN_OK;
}

/* Behind the last row stands whatever the linker put there; it seldom looks like a row. */
static nn_status refuse_end(const struct subject *subject, const nn_param *last)
{
    return nn_fail(NN_ERR_PLUGIN, "%s: what stands behind parameter \"%s\" is no row; is NN_PARAM_END missing?",
                   subject->path, last->name);
}

static bool text_or_null(const nn__library *library, const char *text)
{
    return text == NULL || nn__library_holds_text(library, text);
}

/* Copies the plugin's rows, `row_size` bytes each, into the host's form and checks them. */
static nn_status read_params(const struct subject *subject, const nn_about *about, size_t row_size,
                             nn_arena *arena, const nn_param **out)
{
    const char *row = (const char *)about->params;
    size_t count = 0;
    for (;; count++) {
        const char *name;
        if (count > PARAMS_MOST || !nn__library_holds(subject->library, row + count * row_size, row_size)) {
            return nn_fail(NN_ERR_PLUGIN, "%s: its list of parameters has no end; is NN_PARAM_END missing "
                           "behind the last?", subject->path);
        }
        memcpy(&name, row + count * row_size + offsetof(nn_param, name), sizeof name);
        if (name == NULL) {
            break;
        }
    }
    nn_param *rows;
    NN_TRY(NN_ARENA_ALLOC(arena, &rows, count + 1));
    for (size_t i = 0; i < count; i++) {
        memcpy(&rows[i], row + i * row_size, row_size);
        const nn__library *library = subject->library;
        if (!nn__library_holds_text(library, rows[i].name) || !text_or_null(library, rows[i].doc)
            || !text_or_null(library, rows[i].unit) || !text_or_null(library, rows[i].def_text)) {
            return i > 0 ? refuse_end(subject, &rows[i - 1]) : refuse_table(subject, "a parameter's text");
        }
        bool typed = nn__param_element_size(nn__param_element(&rows[i])) > 0;
        if (i > 0 && (!typed || rows[i].offset > SELF_BYTES_MOST)) {
            return refuse_end(subject, &rows[i - 1]);
        }
        if (rows[i].unit == NULL) {
            rows[i].unit = "";
        }
        NN_TRY(check_row(subject, about, rows, i));
    }
    *out = rows;
    return NN_OK;
}

/* ---- The tables ---- */

/* Fields that promise something else. */
static const char *broken_promise(const struct subject *subject, const void *ops)
{
    if (subject->kind == nn__kind_info(NN_KIND_ACTIVATION)) {
        const nn_activation *activation = ops;
        size_t most = SIZE_MAX / sizeof *activation->kinks;
        if (activation->kink_count > 0
            && (activation->kink_count > most || !aligned(activation->kinks, _Alignof(double))
                || !nn__library_holds(subject->library, activation->kinks,
                                      activation->kink_count * sizeof *activation->kinks))) {
            return "counts kinks that it does not list: set .kinks and .kink_count";
        }
    }
    if (subject->kind == nn__kind_info(NN_KIND_COST)) {
        const nn_cost *cost = ops;
        if ((cost->flags & (NN_TAKES_REALS | NN_TAKES_CLASSES)) == 0) {
            return "takes neither reals nor classes: set NN_TAKES_REALS or NN_TAKES_CLASSES";
        }
        if ((cost->flags & NN_LINKS) != 0 && cost->link_gradient == NULL) {
            return "names a link but has no link_gradient()";
        }
    }
    return NULL;
}

/* An operation is code of the object itself: the version script keeps other names from taking its place. */
static nn_status check_operation(const struct subject *subject, const char *name, const char *operation,
                                 const void *entry, bool required)
{
    void *function;
    memcpy(&function, entry, sizeof function);
    if (function == NULL && required) {
        return nn_fail(NN_ERR_PLUGIN, "%s: %s %s has no %s(); set .%s in its table", subject->path,
                       subject->kind->name, name, operation, operation);
    }
    if (function != NULL && !nn__library_holds(subject->library, function, 1)) {
        return refuse_table(subject, operation);
    }
    return NN_OK;
}

static nn_status check_operations(const struct subject *subject, const char *name, const void *ops)
{
    const nn_about *about = ops;
    NN_TRY(check_operation(subject, name, "create", &about->create, false));
    NN_TRY(check_operation(subject, name, "destroy", &about->destroy, false));
    for (const nn__operation *operation = subject->kind->required; operation->name != NULL;
         operation++) {
        NN_TRY(check_operation(subject, name, operation->name, (const char *)ops + operation->offset, true));
    }
    const char *fault = broken_promise(subject, ops);
    if (fault != NULL) {
        return nn_fail(NN_ERR_PLUGIN, "%s: %s %s %s", subject->path, subject->kind->name, name, fault);
    }
    return NN_OK;
}

/* The front of a table, its texts made readable. */
static nn_status check_about(const struct subject *subject, nn_about *about)
{
    const nn__library *library = subject->library;
    if (!text_or_null(library, about->name) || !text_or_null(library, about->summary)
        || !text_or_null(library, about->formula) || !text_or_null(library, about->reference)) {
        return refuse_table(subject, "a text of its front");
    }
    if (about->name == NULL || !good_name(about->name)) {
        return nn_fail(NN_ERR_PLUGIN, "%s: bad name \"%s\"; a name is lower-case letters, digits and _, "
                       "a letter first", subject->path, about->name == NULL ? "" : about->name);
    }
    if (about->summary == NULL || about->summary[0] == '\0') {
        return nn_fail(NN_ERR_PLUGIN, "%s: %s %s has no summary; say in one sentence what it is in "
                       ".summary", subject->path, subject->kind->name, about->name);
    }
    if (about->self_size > SELF_BYTES_MOST) {
        return nn_fail(NN_ERR_PLUGIN, "%s: self_size is %zu bytes, at most %d; take memory by host->alloc() in create() "
                       "and keep a pointer to it", subject->path, about->self_size, SELF_BYTES_MOST);
    }
    about->formula = about->formula == NULL ? "" : about->formula;
    about->reference = about->reference == NULL ? "" : about->reference;
    return NN_OK;
}

/* One variant's table into host-sized memory. */
static nn_status read_ops(const struct subject *subject, const nn_variant *claimed, size_t row_size,
                          nn_arena *arena, void **out)
{
    if (claimed->ops_size < subject->kind->ops_least || claimed->ops_size > subject->kind->ops_size) {
        return nn_fail(NN_ERR_PLUGIN, "%s: its table of operations has %llu bytes, that of %s has %zu to "
                       "%zu; build it with nnrun's own headers", subject->path,
                       (unsigned long long)claimed->ops_size, subject->kind->name,
                       subject->kind->ops_least, subject->kind->ops_size);
    }
    if (!nn__library_holds(subject->library, claimed->ops, claimed->ops_size)) {
        return refuse_table(subject, "the table of operations");
    }
    void *ops;
    NN_TRY(nn_arena_alloc(arena, subject->kind->ops_size, &ops));
    memcpy(ops, claimed->ops, claimed->ops_size);
    nn_about *about = ops;
    NN_TRY(check_about(subject, about));
    if (about->params != NULL) {
        NN_TRY(read_params(subject, about, row_size, arena, &about->params));
    }
    NN_TRY(check_operations(subject, about->name, ops));
    *out = ops;
    return NN_OK;
}

/* All variants come from one source: what they say of themselves must agree. */
static nn_status check_agreement(const struct subject *subject, const nn_about *first,
                                 const nn_about *other)
{
    size_t count = nn__param_count(first->params);
    bool same = strcmp(first->name, other->name) == 0 && first->self_size == other->self_size
             && first->flags == other->flags && nn__param_count(other->params) == count;
    for (size_t i = 0; same && i < count; i++) {
        const nn_param *a = &first->params[i], *b = &other->params[i];
        same = strcmp(a->name, b->name) == 0 && a->type == b->type && a->offset == b->offset;
    }
    if (!same) {
        return nn_fail(NN_ERR_PLUGIN, "%s: its variants disagree on name, parameters or flags; build all "
                       "of them from one source", subject->path);
    }
    return NN_OK;
}

static bool known_variant(const nn_variant *variant)
{
    return (variant->bits == 32 || variant->bits == 64)
        && (variant->isa == NN_ISA_ANY
            || (variant->isa >= NN_ISA_X86_64_V2 && variant->isa <= NN_ISA_X86_64_V4));
}

static nn_status read_variants(const struct subject *subject, const nn_manifest *manifest,
                               nn_arena *arena, nn__accepted *out)
{
    NN_TRY(NN_ARENA_ALLOC(arena, &out->variants, manifest->variant_count));
    out->variant_count = 0;
    for (size_t i = 0; i < manifest->variant_count; i++) {
        nn_variant variant;
        memcpy(&variant, (const char *)manifest->variants + i * manifest->variant_size, sizeof variant);
        if (variant.ops == NULL) {
            continue;
        }
        if (!known_variant(&variant)) {
            return nn_fail(NN_ERR_PLUGIN, "%s: it has a variant of %u bits for instruction set %u, which "
                           "ABI %d.%d does not know", subject->path, (unsigned)variant.bits,
                           (unsigned)variant.isa, NN_ABI_MAJOR, NN_ABI_MINOR);
        }
        void *ops = NULL;
        NN_TRY(read_ops(subject, &variant, manifest->param_row_size, arena, &ops));
        if (out->variant_count > 0) {
            NN_TRY(check_agreement(subject, out->about, ops));
        } else {
            out->about = ops;
        }
        variant.ops = ops;
        variant.ops_size = subject->kind->ops_size;
        out->variants[out->variant_count++] = variant;
    }
    if (out->variant_count == 0) {
        return nn_fail(NN_ERR_PLUGIN, "%s: it has no table of operations; link the objects of its "
                       "variants into it", subject->path);
    }
    return NN_OK;
}

nn_status nn__manifest_accept(const nn__library *library, const char *path, nn_arena *arena,
                              nn__accepted *out)
{
    struct subject subject = {library, path, NULL};
    NN_TRY(check_prefix(&subject, library->manifest));
    nn_manifest manifest = {0};
    size_t size = library->manifest->size;
    if (!nn__library_holds(library, library->manifest, size)) {
        return refuse_table(&subject, "the manifest");
    }
    memcpy(&manifest, library->manifest, size < sizeof manifest ? size : sizeof manifest);
    subject.kind = nn__kind_info(manifest.kind);
    if (subject.kind == NULL) {
        return nn_fail(NN_ERR_PLUGIN, "%s: kind %u is none that ABI %d.%d knows; build it with nnrun's "
                       "own headers", path, (unsigned)manifest.kind, NN_ABI_MAJOR, NN_ABI_MINOR);
    }
    if (manifest.param_row_size < PARAM_LEAST || manifest.param_row_size > sizeof(nn_param)
        || manifest.variant_size < VARIANT_LEAST || manifest.variant_size > sizeof(nn_variant)
        || manifest.variant_count > VARIANTS_MOST) {
        return nn_fail(NN_ERR_PLUGIN, "%s: its rows have sizes ABI %d.%u does not know; build it with "
                       "nnrun's own headers", path, NN_ABI_MAJOR, (unsigned)manifest.abi_minor);
    }
    if (!nn__library_holds(library, manifest.variants,
                           (size_t)manifest.variant_size * manifest.variant_count)
        || !text_or_null(library, manifest.built_with)) {
        return refuse_table(&subject, "the list of variants");
    }
    NN_TRY(read_variants(&subject, &manifest, arena, out));
    manifest.built_with = manifest.built_with == NULL ? "" : manifest.built_with;
    manifest.variants = out->variants;
    manifest.variant_count = (uint32_t)out->variant_count;
    manifest.variant_size = sizeof(nn_variant);
    manifest.param_row_size = sizeof(nn_param);
    out->manifest = manifest;
    return NN_OK;
}
