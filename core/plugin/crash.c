/* SPDX-License-Identifier: MIT */
/* What runs after the signal may call nothing that allocates or locks: it reads a table of fixed
 * size and writes pieces of text. */
#include "plugin/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

enum { PLUGINS_MOST = 64, PATH_ROOM = 512, STACK_WORDS = 128, OWN_STACK = 64 * 1024 };

static struct note {
    atomic_uintptr_t begin, end; /* 0: free */
    char path[PATH_ROOM];
} notes[PLUGINS_MOST];

static const struct {
    int number;
    const char *what;
} fatal[] = {
    {SIGSEGV, "a bad address, or no end of the stack"},
    {SIGBUS, "a file that was cut while it was read, or a bad address"},
    {SIGFPE, "a division of whole numbers by zero"},
    {SIGILL, "an instruction this processor does not know"},
};
enum { FATAL = sizeof fatal / sizeof fatal[0] };

void nn__crash_note(const char *path, const nn__library *library)
{
    size_t length = strlen(path),
           skip = length < PATH_ROOM ? 0 : length + 1 - PATH_ROOM; /* its end says more */
    for (size_t i = 0; i < PLUGINS_MOST && library->segment_count > 0; i++) {
        if (atomic_load(&notes[i].begin) == 0) {
            memcpy(notes[i].path, path + skip, length + 1 - skip);
            atomic_store(&notes[i].end, library->segments[library->segment_count - 1].end);
            atomic_store(&notes[i].begin, library->segments[0].begin);
            return;
        }
    }
}

void nn__crash_forget(const nn__library *library)
{
    for (size_t i = 0; i < PLUGINS_MOST && library->segment_count > 0; i++) {
        if (atomic_load(&notes[i].begin) == library->segments[0].begin) {
            atomic_store(&notes[i].begin, 0);
        }
    }
}

static const char *plugin_at(uintptr_t address)
{
    for (size_t i = 0; i < PLUGINS_MOST; i++) {
        uintptr_t begin = atomic_load(&notes[i].begin);
        if (begin != 0 && address >= begin && address < atomic_load(&notes[i].end)) {
            return notes[i].path;
        }
    }
    return NULL;
}

/* The system's end of the process. */
static void end(int number)
{
    signal(number, SIG_DFL);
    raise(number); /* comes when the handler returns */
}

struct message {
    char text[2 * PATH_ROOM + 256];
    size_t length;
};

static void put(struct message *message, const char *text)
{
    size_t length = strlen(text), room = sizeof message->text - message->length;
    length = length < room ? length : room;
    memcpy(message->text + message->length, text, length);
    message->length += length;
}

/* Where the thread was, and its stack. */
static void place_of(const void *context, uintptr_t *pc, const uintptr_t **stack)
{
    const ucontext_t *at = context;
#if defined(__x86_64__)
    *pc = (uintptr_t)at->uc_mcontext.gregs[REG_RIP];
    memcpy(stack, &at->uc_mcontext.gregs[REG_RSP], sizeof *stack);
#elif defined(__aarch64__)
    *pc = (uintptr_t)at->uc_mcontext.pc;
    memcpy(stack, &at->uc_mcontext.sp, sizeof *stack);
#else
    (void)at;
    *pc = 0;
    *stack = NULL;
#endif
}

/* The plugin whose code it was, or else the one that a return address near the top of the stack
 * leads to: that of a function which a plugin has called. */
static const char *whose(const void *context, const void *address)
{
    uintptr_t pc;
    const uintptr_t *stack;
    place_of(context, &pc, &stack);
    const char *path = plugin_at(pc);
    uintptr_t distance = (uintptr_t)address - (uintptr_t)stack + STACK_WORDS * sizeof *stack;
    if (distance < 2 * STACK_WORDS * sizeof *stack) {
        return path; /* the stack itself is the bad address */
    }
    for (size_t i = 0; path == NULL && stack != NULL && i < STACK_WORDS; i++) {
        path = plugin_at(stack[i]);
    }
    return path;
}

static void tell(int number, siginfo_t *info, void *context)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    if (info->si_code <= 0) { /* somebody sent it */
        end(number);
        return;
    }
    while (atomic_flag_test_and_set(
        &told)) { /* threads crash together: the first one speaks, and ends all */
        pause();
    }
    const char *path = whose(context, number == SIGSEGV || number == SIGBUS ? info->si_addr : NULL);
    struct message message = {.length = 0};
    put(&message, "\nnnrun: error: it crashed (");
    for (size_t i = 0; i < FATAL; i++) {
        put(&message, fatal[i].number == number ? fatal[i].what : "");
    }
    if (path == NULL) {
        put(&message, "); please report it.  Checkpoints written before are whole: `nnrun resume` "
                      "goes on from them\n");
    } else {
        put(&message, ") in plugin ");
        put(&message, path);
        put(&message, "\n  `nnrun plugins check ");
        put(&message, path);
        put(&message,
            "` says which function and which rule.  Checkpoints written before are whole\n");
    }
    ssize_t written = write(STDERR_FILENO, message.text, message.length);
    (void)written;
    end(number);
}

void nn_crash_watch(void)
{
    static char own_stack[OWN_STACK]; /* the other one may have no end */
    const stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof own_stack};
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < FATAL; i++) {
        struct sigaction before,
            action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigemptyset(&action.sa_mask);
        if (sigaction(fatal[i].number, NULL, &before) == 0 && before.sa_handler == SIG_DFL) {
            sigaction(fatal[i].number, &action, NULL);
        }
    }
}
