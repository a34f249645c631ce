/* SPDX-License-Identifier: MIT */
#include "store/provenance.h"

#include "base/clock.h"
#include "base/text.h"
#include "store/commit.h"
#include "store/hdf5.h"

#include <nnrun/version.h>

#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { OWN_FACTS = 24, VALUE_ROOM = 512 };

struct nn_provenance {
    nn_arena *arena;
    nn_fact *facts;
    size_t count;
    char end[NN_CLOCK_TEXT];
};

static nn_status put(nn_provenance *provenance, const char *name, const char *value)
{
    const char *copy;
    NN_TRY(nn_arena_text(provenance->arena, value, strlen(value), &copy));
    provenance->facts[provenance->count++] = (nn_fact){name, copy};
    return NN_OK;
}

static nn_status put_number(nn_provenance *provenance, const char *name, unsigned long long value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", value);
    return put(provenance, name, text);
}

/* The value of the first "name : value" line of /proc/cpuinfo. */
static void find_cpu(char cpu[VALUE_ROOM])
{
    char line[VALUE_ROOM];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(cpu, VALUE_ROOM, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon != NULL && strncmp(line, "model name", 10) == 0) {
            snprintf(cpu, VALUE_ROOM, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

static nn_status put_machine(nn_provenance *provenance)
{
    struct utsname system;
    char value[VALUE_ROOM] = "unknown";
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (uname(&system) == 0) {
        NN_TRY(put(provenance, "host", system.nodename));
        snprintf(value, sizeof value, "%s %s %s", system.sysname, system.release, system.machine);
    }
    NN_TRY(put(provenance, "os", value));
    find_cpu(value);
    NN_TRY(put(provenance, "cpu", value));
    return put_number(provenance, "cores", cores > 0 ? (unsigned long long)cores : 1);
}

static nn_status put_program(nn_provenance *provenance)
{
    NN_TRY(put(provenance, "nnrun", NNRUN_VERSION));
    NN_TRY(put(provenance, "commit", nn_commit()));
#ifdef __clang__
    return put(provenance, "compiler", __VERSION__);
#else
    return put(provenance, "compiler", "gcc " __VERSION__);
#endif
}

static nn_status put_libraries(nn_provenance *provenance)
{
    char value[VALUE_ROOM];
    unsigned major = 0, minor = 0, release = 0;
    nn_h5_start();
    H5get_libversion(&major, &minor, &release);
    snprintf(value, sizeof value, "%u.%u.%u", major, minor, release);
    NN_TRY(put(provenance, "libraries/hdf5", value));
    return confstr(_CS_GNU_LIBC_VERSION, value, sizeof value) == 0
               ? NN_OK
               : put(provenance, "libraries/libc", value);
}

/* The command line as a shell would take it. */
static void put_argument(nn_text *line, const char *argument)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-+=./:,@%";
    nn_text_put(line, line->length > 0 ? " " : "");
    if (argument[0] != '\0' && argument[strspn(argument, plain)] == '\0') {
        nn_text_put(line, argument);
        return;
    }
    nn_text_put(line, "'");
    for (const char *at = argument; *at != '\0'; at++) {
        if (*at == '\'') {
            nn_text_put(line, "'\\''");
        } else {
            nn_text_append(line, at, 1);
        }
    }
    nn_text_put(line, "'");
}

static nn_status put_command(nn_provenance *provenance, int argc, char *const *argv)
{
    char folder[4096];
    nn_text line = {0};
    for (int i = 0; i < argc; i++) {
        put_argument(&line, argv[i]);
    }
    nn_status status = nn_text_status(&line);
    if (status == NN_OK) {
        status = put(provenance, "argv", nn_text_view(&line));
    }
    nn_text_finish(&line);
    NN_TRY(status);
    return getcwd(folder, sizeof folder) == NULL ? NN_OK : put(provenance, "folder", folder);
}

nn_status nn_provenance_create(int argc, char *const *argv, uint64_t seed, size_t threads,
                               const nn_fact *extra, size_t extra_count, nn_arena *arena,
                               nn_provenance **out)
{
    nn_provenance *provenance;
    char start[NN_CLOCK_TEXT];
    NN_TRY(NN_ARENA_ALLOC(arena, &provenance, 1));
    NN_TRY(NN_ARENA_ALLOC(arena, &provenance->facts, OWN_FACTS + extra_count));
    provenance->arena = arena;
    nn_clock_utc(provenance->end);
    NN_TRY(put_program(provenance));
    NN_TRY(put_number(provenance, "seed", seed));
    NN_TRY(put_number(provenance, "threads", threads));
    NN_TRY(put(provenance, "start", nn_clock_utc(start)));
    provenance->facts[provenance->count++] = (nn_fact){"end", provenance->end};
    NN_TRY(put_machine(provenance));
    NN_TRY(put_command(provenance, argc, argv));
    NN_TRY(put_libraries(provenance));
    for (size_t i = 0; i < extra_count; i++) {
        if (extra[i].value != NULL) {
            NN_TRY(put(provenance, extra[i].name, extra[i].value));
        }
    }
    *out = provenance;
    return NN_OK;
}

void nn_provenance_began(nn_provenance *provenance, const char *start)
{
    for (size_t i = 0; start != NULL && i < provenance->count; i++) {
        if (strcmp(provenance->facts[i].name, "start") == 0) {
            provenance->facts[provenance->count++] =
                (nn_fact){"resumed", provenance->facts[i].value};
            provenance->facts[i].value = start;
            return;
        }
    }
}

const nn_fact *nn_provenance_facts(const nn_provenance *provenance, size_t *count)
{
    *count = provenance->count;
    return provenance->facts;
}

void nn_provenance_end(nn_provenance *provenance)
{
    nn_clock_utc(provenance->end);
}
