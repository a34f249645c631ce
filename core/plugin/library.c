/* SPDX-License-Identifier: MIT */
#include "plugin/library.h"

#include "plugin/builtin.h"
#include "plugin/crash.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_at(int file, void *bytes, size_t count, uint64_t offset)
{
    return pread(file, bytes, count, (off_t)offset) == (ssize_t)count;
}

static bool fits(uint64_t offset, uint64_t bytes, uint64_t size)
{
    return offset <= size && bytes <= size - offset;
}

/* The loader maps segments without looking at the file's length: the missing pages of a truncated
 * file would raise SIGBUS inside dlopen(). */
static nn_status check_whole(const char *path, int file, uint64_t size)
{
    ElfW(Ehdr) header;
    if (size < sizeof header || !read_at(file, &header, sizeof header, 0)
        || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return nn_fail(NN_ERR_PLUGIN, "%s: not a shared object; a plugin is built by "
                       "nnrun_add_plugin() or `nnrun plugins build`", path);
    }
    if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
        || header.e_type != ET_DYN || header.e_phentsize != sizeof(ElfW(Phdr))) {
        return nn_fail(NN_ERR_PLUGIN, "%s: not a shared object for this machine; build it here",
                       path);
    }
    bool whole = fits(header.e_phoff, (uint64_t)header.e_phnum * header.e_phentsize, size)
              && fits(header.e_shoff, (uint64_t)header.e_shnum * header.e_shentsize, size);
    for (size_t i = 0; whole && i < header.e_phnum; i++) {
        ElfW(Phdr) segment;
        whole = read_at(file, &segment, sizeof segment, header.e_phoff + i * sizeof segment)
             && fits(segment.p_offset, segment.p_filesz, size);
    }
    if (!whole) {
        return nn_fail(NN_ERR_PLUGIN, "%s: truncated after %llu bytes; build or copy it again", path,
                       (unsigned long long)size);
    }
    return NN_OK;
}

static nn_status check_file(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;
    if (file < 0) {
        return nn_fail(NN_ERR_PLUGIN, "%s: can't be opened: %s", path, strerror(errno));
    }
    nn_status status = NN_OK;
    if (fstat(file, &stat) != 0 || !S_ISREG(stat.st_mode)) {
        status = nn_fail(NN_ERR_PLUGIN, "%s: not a regular file", path);
    } else {
        status = check_whole(path, file, (uint64_t)stat.st_size);
    }
    close(file);
    return status;
}

struct search {
    nn__library *library;
    uintptr_t inside; /* an address of the object looked for */
};

static int note_segments(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct search *search = context;
    nn__library *library = search->library;
    bool found = false;
    library->segment_count = 0;
    for (size_t i = 0; i < info->dlpi_phnum && library->segment_count < NN__SEGMENTS_MAX; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) != 0) {
            uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
            uintptr_t end = begin + segment->p_memsz;
            found = found || (search->inside >= begin && search->inside < end);
            library->segments[library->segment_count].begin = begin;
            library->segments[library->segment_count++].end = end;
        }
    }
    return found;
}

/* The memory of the object that holds an address, and its manifest. */
static void learn(nn__library *library, nn_plugin_function *entry)
{
    uintptr_t inside = 0;
    memcpy(&inside, &entry, sizeof inside);
    dl_iterate_phdr(note_segments, &(struct search){library, inside});
    library->manifest = entry();
}

nn_status nn__library_open(const char *path, nn__library *out)
{
    if (nn_plugin_is_builtin(path)) {
        nn_plugin_function *entry = nn__builtin_entry(path);
        if (entry == NULL) {
            return nn_fail(NN_ERR_PLUGIN, "%s: no such component in this program", path);
        }
        learn(out, entry);
        return NN_OK;
    }
    NN_TRY(check_file(path));
    nn__library library = {.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    if (library.handle == NULL) {
        const char *why = dlerror();
        size_t prefix = strlen(path);
        if (why != NULL && strncmp(why, path, prefix) == 0 && why[prefix] == ':') {
            why += prefix + 1 + (why[prefix + 1] == ' ');
        }
        bool undefined = why != NULL && strstr(why, "undefined symbol") != NULL;
        return nn_fail(NN_ERR_PLUGIN, "%s: can't be loaded: %s%s", path, why == NULL ? "no reason given" : why,
                       undefined ? "; name the library that has it behind LINK of nnrun_add_plugin(), or behind -- "
                                   "of `nnrun plugins build`" : "");
    }
    nn_plugin_function *entry = NULL;
    void *symbol = dlsym(library.handle, NN_PLUGIN_SYMBOL);
    memcpy(&entry, &symbol, sizeof entry); /* POSIX: a data pointer holds a function's address */
    if (entry == NULL) {
        dlclose(library.handle);
        return nn_fail(NN_ERR_PLUGIN, "%s: exports no " NN_PLUGIN_SYMBOL "(); a plugin ends with "
                       "NN_ACTIVATION { ... }, NN_COST { ... } or the like", path);
    }
    learn(&library, entry);
    nn__crash_note(path, &library);
    *out = library;
    return NN_OK;
}

void nn__library_close(nn__library *library)
{
    if (library != NULL && library->handle != NULL) {
        nn__crash_forget(library);
        dlclose(library->handle);
        library->handle = NULL;
    }
}

bool nn__library_holds(const nn__library *library, const void *pointer, size_t bytes)
{
    uintptr_t begin = (uintptr_t)pointer;
    for (size_t i = 0; i < library->segment_count; i++) {
        if (begin >= library->segments[i].begin && begin < library->segments[i].end) {
            return bytes <= library->segments[i].end - begin;
        }
    }
    return false;
}

bool nn__library_holds_text(const nn__library *library, const char *text)
{
    uintptr_t begin = (uintptr_t)text;
    for (size_t i = 0; i < library->segment_count; i++) {
        if (begin >= library->segments[i].begin && begin < library->segments[i].end) {
            size_t room = library->segments[i].end - begin;
            return strnlen(text, room) < room;
        }
    }
    return false;
}
