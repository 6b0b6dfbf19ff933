// What a new program finds of itself: words, environment, name, auxiliary vector; scripts; descriptors as programs.
#include "exec.h"
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>

EXEC_TEST(environment_is_what_was_given)
BEFORE(environment_is_what_was_given)
{
    char *given[] = { "A=1", "no equals sign", "B=\xff\xfe", "A=2", "EMPTY=", NULL };
    execve(exec_self, exec_words(), given);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(environment_is_what_was_given)
{
    REQUIRE(environ[0] && environ[1] && environ[2] && environ[3] && environ[4]);
    EXPECT_STR(environ[0], "A=1");
    EXPECT_STR(environ[1], "no equals sign");
    EXPECT_STR(environ[2], "B=\xff\xfe");
    EXPECT_STR(environ[3], "A=2");
    EXPECT_STR(environ[4], "EMPTY=");
    EXPECT(environ[5] == NULL);
}

EXEC_TEST(large_environment_arrives_whole)
BEFORE(large_environment_arrives_whole)
{
    static char text[100001];
    static char name[16];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "LARGE%d", i);
        setenv(name, text, 1);
    }
    replace();
}
AFTER(large_environment_arrives_whole)
{
    char name[16];
    for (int i = 0; i < 10; i++) {
        snprintf(name, sizeof name, "LARGE%d", i);
        const char *text = getenv(name);
        EXPECT(text && strlen(text) == 100000 && text[0] == 'x' && text[99999] == 'x');
        unsetenv(name);
    }
}

EXEC_TEST(identity_stays)
BEFORE(identity_stays)
{
    set_number("PID", getpid());
    set_number("PPID", getppid());
    set_number("PGID", getpgrp());
    set_number("SID", getsid(0));
    set_number("UID", getuid());
    replace();
}
AFTER(identity_stays)
{
    EXPECT_EQ(getpid(), get_number("PID"));
    EXPECT_EQ(getppid(), get_number("PPID"));
    EXPECT_EQ(getpgrp(), get_number("PGID"));
    EXPECT_EQ(getsid(0), get_number("SID"));
    EXPECT_EQ(getuid(), get_number("UID"));
    EXPECT_EQ(syscall(SYS_gettid), getpid());
}

EXEC_TEST(name_is_that_of_the_file)
BEFORE(name_is_that_of_the_file)
{
    prctl(PR_SET_NAME, "another");
    replace();
}
AFTER(name_is_that_of_the_file)
{
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    EXPECT_STR(name, "image");
    EXPECT_STR((const char *)getauxval(AT_EXECFN), exec_self);
    EXPECT_EQ(getauxval(AT_SECURE), 0);
    EXPECT(getauxval(AT_RANDOM) != 0);
}

EXEC_TEST(first_word_need_not_be_the_path)
BEFORE(first_word_need_not_be_the_path)
{
    char **words = exec_words();
    words[0] = "somebody else";
    execve(exec_self, words, environ);
}
AFTER(first_word_need_not_be_the_path)
{
    char text[64] = "";
    int file = open("/proc/self/cmdline", O_RDONLY);
    EXPECT(read(file, text, sizeof text - 1) > 10);
    EXPECT_STR(text, "somebody else");
    close(file);
}

EXEC_TEST(relative_path_starts_from_the_working_directory)
BEFORE(relative_path_starts_from_the_working_directory)
{
    char folder[4096];
    set_number("HOME_FD", open(".", O_RDONLY | O_DIRECTORY));
    strcpy(folder, exec_self);
    strrchr(folder, '/')[0] = 0;
    REQUIRE(chdir(folder) == 0);
    execve("./image", exec_words(), environ);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(relative_path_starts_from_the_working_directory)
{
    char folder[4096];
    REQUIRE(getcwd(folder, sizeof folder) != NULL);
    EXPECT(strncmp(exec_self, folder, strlen(folder)) == 0);
    EXPECT_STR((const char *)getauxval(AT_EXECFN), "./image");
    int home = (int)get_number("HOME_FD");
    EXPECT_OK(fchdir(home));
    close(home);
}

EXEC_TEST(descriptor_is_executed)
BEFORE(descriptor_is_executed)
{
    int file = open(exec_self, O_RDONLY | O_CLOEXEC);
    set_number("NUMBER", file);
    fexecve(file, exec_words(), environ);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(descriptor_is_executed)
{
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%ld", get_number("NUMBER"));
    EXPECT_STR((const char *)getauxval(AT_EXECFN), name);
    EXPECT_ERRNO(fcntl((int)get_number("NUMBER"), F_GETFD), EBADF);
}

EXEC_TEST(path_below_a_descriptor_is_executed)
BEFORE(path_below_a_descriptor_is_executed)
{
    char folder[4096];
    strcpy(folder, exec_self);
    strrchr(folder, '/')[0] = 0;
    int directory = open(folder, O_PATH | O_DIRECTORY);
    set_number("NUMBER", directory);
    syscall(SYS_execveat, directory, "image", exec_words(), environ, 0);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(path_below_a_descriptor_is_executed)
{
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%ld/image", get_number("NUMBER"));
    EXPECT_STR((const char *)getauxval(AT_EXECFN), name);
    EXPECT_OK(close((int)get_number("NUMBER")));
}

EXEC_TEST(own_program_is_executed_by_proc)
BEFORE(own_program_is_executed_by_proc)
{
    execve("/proc/self/exe", exec_words(), environ);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(own_program_is_executed_by_proc)
{
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    EXPECT_STR(name, "exe");
    EXPECT_STR(strrchr(exec_self, '/'), "/image");
}

static void write_script(const char *path, const char *head)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    dprintf(file, "%s", head);
    close(file);
}

EXEC_TEST(script_runs_its_interpreter)
BEFORE(script_runs_its_interpreter)
{
    char head[4200], **words = exec_words();
    snprintf(head, sizeof head, "#!%s --script\nrest\n", exec_self);
    write_script("./script", head);
    words[0] = "dropped";
    execve("./script", words, environ);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(script_runs_its_interpreter)
{
    char name[17] = "", text[4096] = "";
    prctl(PR_GET_NAME, name);
    EXPECT_STR(name, "script");
    EXPECT_STR((const char *)getauxval(AT_EXECFN), "./script");
    int file = open("/proc/self/cmdline", O_RDONLY);
    EXPECT(read(file, text, sizeof text - 1) > 10);
    close(file);
    EXPECT_STR(text, exec_self);
    EXPECT_STR(text + strlen(text) + 1, "--script");
    EXPECT_STR(text + strlen(text) + 1 + 9, "./script");
    unlink("./script");
}

EXEC_TEST(script_of_a_script_runs)
BEFORE(script_of_a_script_runs)
{
    char head[4200], here[4096];
    REQUIRE(getcwd(here, sizeof here) != NULL);
    snprintf(head, sizeof head, "#!%s --script\n", exec_self);
    write_script("./inner", head);
    snprintf(head, sizeof head, "#!%.4000s/inner\n", here);
    write_script("./outer", head);
    char **words = exec_words();
    words[0] = "dropped";
    execve("./outer", words, environ);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(script_of_a_script_runs)
{
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    EXPECT_STR(name, "outer");
    EXPECT_STR((const char *)getauxval(AT_EXECFN), "./outer");
    unlink("./inner");
    unlink("./outer");
}

EXEC_TEST(script_runs_by_its_descriptor)
BEFORE(script_runs_by_its_descriptor)
{
    char head[4200];
    snprintf(head, sizeof head, "#!%s --script\n", exec_self);
    write_script("./script", head);
    int file = open("./script", O_RDONLY);
    set_number("NUMBER", file);
    fexecve(file, exec_words(), environ);
    check_fail(__FILE__, __LINE__, "errno %d", errno);
}
AFTER(script_runs_by_its_descriptor)
{
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%ld", get_number("NUMBER"));
    EXPECT_STR((const char *)getauxval(AT_EXECFN), name);
    close((int)get_number("NUMBER"));
    unlink("./script");
}

EXEC_TEST(personality_stays)
BEFORE(personality_stays)
{
    personality(ADDR_NO_RANDOMIZE);
    replace();
}
AFTER(personality_stays)
{
    EXPECT_EQ(personality(0xffffffff), ADDR_NO_RANDOMIZE);
    personality(0);
}

static void *other(void *argument)
{
    return argument;
}

EXEC_TEST(new_program_may_use_threads_and_memory)
BEFORE(new_program_may_use_threads_and_memory)
{
    replace();
}
AFTER(new_program_may_use_threads_and_memory)
{
    pthread_t thread;
    void *result = NULL;
    char *memory = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    memset(memory, 1, 4 << 20);
    REQUIRE(pthread_create(&thread, NULL, other, memory) == 0);
    EXPECT_EQ(pthread_join(thread, &result), 0);
    EXPECT(result == memory);
    munmap(memory, 64 << 20);
}

static void *execute(void *argument)
{
    replace();
    return argument;
}

EXEC_TEST(thread_that_executes_becomes_the_first)
BEFORE(thread_that_executes_becomes_the_first)
{
    pthread_t thread, waiting;
    set_number("PID", getpid());
    pthread_create(&waiting, NULL, (void *(*)(void *))(void *)pause, NULL);
    pthread_create(&thread, NULL, execute, NULL);
    pthread_join(thread, NULL);
}
AFTER(thread_that_executes_becomes_the_first)
{
    EXPECT_EQ(getpid(), get_number("PID"));
    EXPECT_EQ(syscall(SYS_gettid), getpid());
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *entry; (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    EXPECT_EQ(count, 1);
}
