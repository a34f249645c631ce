/* SPDX-License-Identifier: MIT */
#include "plugin/exports.h"

#include "base/memory.h"
#include "base/path.h"

#include <elf.h>
#include <link.h>
#include <string.h>

enum { FILE_MOST = 256 << 20 };

struct image {
    const char *bytes;
    size_t length;
};

/* A copy of what lies at `offset`; false where that is outside the file. */
static bool take(const struct image *image, uint64_t offset, void *out, size_t size)
{
    if (offset > image->length || size > image->length - offset) {
        return false;
    }
    memcpy(out, image->bytes + offset, size);
    return true;
}

static bool take_section(const struct image *image, const ElfW(Ehdr) *header, size_t index,
                         ElfW(Shdr) *out)
{
    return index < header->e_shnum
        && take(image, header->e_shoff + index * sizeof *out, out, sizeof *out)
        && out->sh_offset <= image->length && out->sh_size <= image->length - out->sh_offset;
}

static bool list_symbols(const struct image *image, const ElfW(Shdr) *symbols,
                         const ElfW(Shdr) *strings, nn_text *names, size_t *count)
{
    for (uint64_t at = 0; at + sizeof(ElfW(Sym)) <= symbols->sh_size; at += sizeof(ElfW(Sym))) {
        ElfW(Sym) symbol;
        if (!take(image, symbols->sh_offset + at, &symbol, sizeof symbol)) {
            return false;
        }
        unsigned binding = symbol.st_info >> 4;
        if (symbol.st_shndx == SHN_UNDEF || symbol.st_name == 0
            || (binding != STB_GLOBAL && binding != STB_WEAK)) {
            continue;
        }
        if (symbol.st_name >= strings->sh_size) {
            return false;
        }
        const char *name = image->bytes + strings->sh_offset + symbol.st_name;
        size_t room = strings->sh_size - symbol.st_name;
        nn_text_put(names, *count > 0 ? " " : "");
        nn_text_escape(names, name, strnlen(name, room));
        (*count)++;
    }
    return true;
}

static bool list_exports(const struct image *image, nn_text *names, size_t *count)
{
    ElfW(Ehdr) header;
    if (!take(image, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0
        || header.e_shentsize != sizeof(ElfW(Shdr))) {
        return false;
    }
    for (size_t i = 0; i < header.e_shnum; i++) {
        ElfW(Shdr) section, strings;
        if (!take_section(image, &header, i, &section)) {
            continue; /* .bss has a size but no bytes */
        }
        if (section.sh_type == SHT_DYNSYM) {
            return take_section(image, &header, section.sh_link, &strings)
                && list_symbols(image, &section, &strings, names, count);
        }
    }
    return false;
}

nn_status nn_plugin_exports(const char *path, nn_text *names, size_t *count)
{
    char *bytes;
    struct image image = {0};
    NN_TRY(nn_file_read(path, FILE_MOST, &bytes, &image.length));
    image.bytes = bytes;
    *count = 0;
    bool good = list_exports(&image, names, count);
    nn_free(bytes);
    return good ? nn_text_status(names)
                : nn_fail(NN_ERR_PLUGIN, "%s: its table of symbols can't be read", path);
}
