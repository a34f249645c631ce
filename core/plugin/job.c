/* SPDX-License-Identifier: MIT */
#include "plugin/job.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void nn__job_add(nn__job *job, const char *word)
{
    if (word != NULL && job->count < NN__JOB_WORDS) {
        job->words[job->count++] = word;
    }
}

nn_status nn__job_add_words(nn__job *job, nn_arena *arena, const char *words)
{
    while (*(words += strspn(words, " \t")) != '\0') {
        size_t length = strcspn(words, " \t");
        const char *word;
        NN_TRY(nn_arena_text(arena, words, length, &word));
        nn__job_add(job, word);
        words += length;
    }
    return NN_OK;
}

nn_status nn__job_start(nn__job *job, const char *folder, size_t number)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%zu.txt", folder, number);
    job->said = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (job->said < 0) {
        return nn_fail_errno(errno, "%s", path);
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, job->said, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, job->said, STDERR_FILENO);
    if (job->folder != NULL) {
        posix_spawn_file_actions_addchdir_np(&actions, job->folder);
    }
    /* posix_spawnp() takes words it does not change as if it might. */
    char *words[NN__JOB_WORDS + 1];
    memcpy(words, job->words, sizeof words);
    words[job->count] = NULL;
    int number_ = posix_spawnp(&job->pid, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (number_ != 0) {
        close(job->said);
        return nn_fail(NN_ERR_PLUGIN, "%s: %s; install a C compiler, or name yours in CC", job->words[0],
                       strerror(number_));
    }
    return NN_OK;
}

void nn__job_finish(nn__job *job, bool all, nn_text *said)
{
    int status = 0;
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
    }
    job->failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    char buffer[NN__JOB_SAID];
    off_t at = 0;
    ssize_t got;
    while ((got = pread(job->said, buffer, sizeof buffer, at)) > 0) {
        nn_text_append(said, buffer, (size_t)got);
        at += got;
        if (!all) {
            break;
        }
    }
    close(job->said);
}
