// launch EXPECTED PROGRAM ARG…: serves rounds that each start a program, wait for its end and check that it exited
// with 0 and printed EXPECTED. It stands outside every VM and measures wall-clock time; see rounds.h.
#define _GNU_SOURCE
#include "rounds.h"
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char **command;
static const char *expected;

static struct round launch_round(uint64_t unused)
{
    (void)unused;
    int ends[2], status;
    pid_t child;
    char output[4096];
    size_t length = 0;
    ssize_t got;
    require(pipe(ends) == 0, "cannot make a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    uint64_t begin = now_ns();
    require(posix_spawnp(&child, command[0], &actions, 0, command, environ) == 0, "cannot start the program");
    close(ends[1]);
    while (length < sizeof output - 1 && (got = read(ends[0], output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)got;
    waitpid(child, &status, 0);
    uint64_t end = now_ns();
    close(ends[0]);
    posix_spawn_file_actions_destroy(&actions);
    output[length] = 0;
    output[strcspn(output, "\n")] = 0;
    require(status == 0, "the program failed");
    require(strcmp(output, expected) == 0, "the program's output");
    return (struct round){end - begin, 1};
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: launch EXPECTED PROGRAM ARG...\n", stderr);
        return 2;
    }
    expected = argv[1];
    command = argv + 2;
    return serve(launch_round);
}
