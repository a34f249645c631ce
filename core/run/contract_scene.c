/* SPDX-License-Identifier: MIT */
#include "run/contract_scene.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 64 << 10, NULL_BYTES = 64 << 10 };

/* A signal handler is called without arguments of ours; a check has its process to itself. */
static struct {
    nn__scene *scene;
    nn__area *const *areas;
    void (*told)(void *context, const char *why);
    void *context;
    char why[768];
    char stack[STACK_BYTES];
} here;

void nn__scene_set(nn__scene *scene)
{
    here.scene = scene;
}

void nn__scene_call(const char *calling, const char *null)
{
    if (here.scene != NULL) {
        here.scene->calling = calling;
        here.scene->null = null;
    }
}

void nn__scene_who(const nn__scene *scene, char *out, size_t room)
{
    const char *set = scene == NULL ? "" : scene->set;
    const char *calling = scene == NULL || scene->calling == NULL ? "it" : scene->calling;
    snprintf(out, room, "%s%s%s", set, set[0] == '\0' ? "" : ": ", calling);
}

/* "writes" or "reads" where the processor tells. */
static const char *verb(const void *context)
{
#if defined(__x86_64__) && defined(__linux__)
    const ucontext_t *machine = context;
    return (machine->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "writes" : "reads";
#else
    (void)context;
    return "reads or writes";
#endif
}

static const nn__area *area_of(const char *address)
{
    for (const nn__area *area = *here.areas; area != NULL; area = area->next) {
        if (address >= area->all && address < area->all + area->all_bytes) {
            return area;
        }
    }
    return NULL;
}

static void on_bad_address(int signal_, siginfo_t *info, void *context)
{
    char who[256];
    bool real = info->si_code > 0; /* no raise() */
    const char *address = info->si_addr;
    const nn__area *area = real ? area_of(address) : NULL;
    nn__scene_who(here.scene, who, sizeof who);
    if (area != NULL) {
        ptrdiff_t away = address - area->at, element = (ptrdiff_t)area->element;
        ptrdiff_t index = away < 0 ? -((-away + element - 1) / element) : away / element;
        snprintf(here.why, sizeof here.why, "%s %s outside: %s[%td], where there are %zu", who, verb(context),
                 area->name, index, area->count);
    } else if (real && (uintptr_t)address < NULL_BYTES) {
        const char *null = here.scene == NULL ? NULL : here.scene->null;
        snprintf(here.why, sizeof here.why, "%s crashed: it %s through a NULL pointer%s%s", who,
                 verb(context), null == NULL ? "" : "; ", null == NULL ? "" : null);
    } else {
        snprintf(here.why, sizeof here.why, "%s crashed (%s: a bad address, or no end of the stack)", who,
                 strsignal(signal_));
    }
    here.told(here.context, here.why);
    _exit(1);
}

void nn__scene_watch(nn__area *const *areas, void (*told)(void *context, const char *why), void *context)
{
    here.areas = areas;
    here.told = told;
    here.context = context;
    stack_t stack = {.ss_sp = here.stack, .ss_size = sizeof here.stack};
    sigaltstack(&stack, NULL);
    struct sigaction action = {.sa_sigaction = on_bad_address,
                               .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND)};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
}
