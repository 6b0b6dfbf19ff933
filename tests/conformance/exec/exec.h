// Tests of a program that executes itself: BEFORE(name) runs in the old image and ends in replace(), AFTER(name) in the new
// one, which prints the result and goes on with the tests behind it. Names on the command line choose tests, as elsewhere.
#pragma once
#include "../check.h"

extern char **environ;

struct exec_test {
    const char *name;
    void (*before)(void), (*after)(void);
    int line;
    struct exec_test *next;
};

static struct exec_test *exec_tests, *exec_current;
static char exec_self[4096], exec_failures[16];
static char **exec_names;
static int exec_name_count, exec_failed_count;

__attribute__((unused)) static void exec_register(struct exec_test *test)
{
    struct exec_test **at = &exec_tests;
    while (*at && (*at)->line < test->line)
        at = &(*at)->next;
    test->next = *at;
    *at = test;
}

#define EXEC_TEST(NAME)                                                                          \
    static void before_##NAME(void);                                                             \
    static void after_##NAME(void);                                                              \
    static struct exec_test entry_##NAME = { #NAME, before_##NAME, after_##NAME, __LINE__, NULL }; \
    __attribute__((constructor)) static void enter_##NAME(void) { exec_register(&entry_##NAME); }

#define BEFORE(NAME) static void before_##NAME(void)
#define AFTER(NAME) static void after_##NAME(void)

// The words that bring the next image back to the running test.
__attribute__((unused)) static char **exec_words(void)
{
    static char *words[128];
    int n = 0;
    snprintf(exec_failures, sizeof exec_failures, "%d", exec_failed_count);
    words[n++] = exec_self;
    words[n++] = "--after";
    words[n++] = (char *)exec_current->name;
    words[n++] = exec_failures;
    for (int i = 0; i < exec_name_count; i++)
        words[n++] = exec_names[i];
    words[n] = NULL;
    return words;
}

__attribute__((unused)) static void replace(void)
{
    execve(exec_self, exec_words(), environ);
    check_fail(__FILE__, __LINE__, "execve gave errno %d", errno);
}

__attribute__((unused)) static void set_number(const char *name, long value)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", value);
    setenv(name, text, 1);
}

__attribute__((unused)) static long get_number(const char *name)
{
    const char *text = getenv(name);
    return text ? atol(text) : -1;
}

__attribute__((unused)) static void exec_report(void)
{
    char line[1024];
    if (atomic_load(&check_failed)) {
        exec_failed_count++;
        snprintf(line, sizeof line, "FAIL %s %s\n", exec_current->name, check_detail);
    } else {
        snprintf(line, sizeof line, "ok %s\n", exec_current->name);
    }
    check_say(line);
    atomic_store(&check_failed, 0);
}

__attribute__((unused)) static bool exec_wanted(const char *name)
{
    for (int i = 0; i < exec_name_count; i++)
        if (strcmp(exec_names[i], name) == 0)
            return true;
    return exec_name_count == 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (struct exec_test *test = exec_tests; test; test = test->next)
            printf("%s\n", test->name);
        return 0;
    }
    ssize_t length = readlink("/proc/self/exe", exec_self, sizeof exec_self - 1);
    exec_self[length > 0 ? length : 0] = 0;
    struct exec_test *next = exec_tests;
    // A script of the tests stands between the program and its words.
    int words = 1;
    if (argc > 2 && strcmp(argv[1], "--script") == 0)
        while (words < argc && strcmp(argv[words], "--after") != 0)
            words++;
    bool after = argc > words + 2 && strcmp(argv[words], "--after") == 0;
    exec_names = argv + words + (after ? 3 : 0);
    exec_name_count = argc - words - (after ? 3 : 0);
    if (after) {
        for (exec_current = exec_tests; exec_current && strcmp(exec_current->name, argv[words + 1]) != 0;)
            exec_current = exec_current->next;
        if (!exec_current)
            return 3;
        exec_failed_count = atoi(argv[words + 2]);
        exec_current->after();
        exec_report();
        next = exec_current->next;
    }
    for (; next; next = next->next)
        if (exec_wanted(next->name)) {
            exec_current = next;
            next->before();
            // Back here: the program could not be executed, or the test found out before.
            exec_report();
        }
    return exec_failed_count > 0;
}
