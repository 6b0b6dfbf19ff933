// What a program can learn about itself and its machine that must be true in either world.
#include "check.h"
#include <dirent.h>
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

static char content[1 << 20];

static const char *slurp(const char *path)
{
    int file = open(path, O_RDONLY);
    CHECK(file >= 0);
    size_t total = 0;
    ssize_t count;
    while ((count = read(file, content + total, sizeof content - 1 - total)) > 0)
        total += (size_t)count;
    content[total] = 0;
    close(file);
    return content;
}

static void *named(void *argument)
{
    (void)argument;
    char name[16], path[64];
    CHECK(pthread_setname_np(pthread_self(), "a-thread") == 0 && prctl(PR_GET_NAME, name) == 0 && !strcmp(name, "a-thread"));
    sprintf(path, "/proc/self/task/%ld/comm", (long)syscall(SYS_gettid));
    CHECK(!strcmp(slurp(path), "a-thread\n"));
    return NULL;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    char link[PATH_MAX] = "", path[PATH_MAX];
    CHECK(readlink("/proc/self/exe", link, sizeof link) > 0);
    printf("exe %s\n", strrchr(link, '/') + 1);
    CHECK(realpath(argv[0], path) && !strcmp(path, link));
    CHECK(!strcmp((const char *)getauxval(AT_EXECFN), argv[0]));
    slurp("/proc/self/cmdline");
    printf("cmdline %s arguments %d\n", !strcmp(content, argv[0]) ? "right" : "wrong", argc);
    printf("comm %s", slurp("/proc/self/comm"));
    CHECK(atoi(slurp("/proc/self/stat")) == getpid());
    CHECK(strstr(slurp("/proc/self/status"), "Threads:\t1\n"));

    char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), line[64];
    sprintf(line, "%lx-", (unsigned long)page);
    slurp("/proc/self/maps");
    printf("maps show stack %d heap-or-none %d\n", strstr(content, "[stack]") != NULL, 1);
    CHECK(strstr(content, "/self"));
    unsigned long start, end;
    int inside = 0;
    for (char *at = content; at && *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
        if (sscanf(at, "%lx-%lx", &start, &end) == 2 && start <= (unsigned long)page && end >= (unsigned long)page + 4096)
            inside++;
    CHECK(inside == 1);

    CHECK(getpid() == syscall(SYS_gettid) && getpgrp() >= 0 && getsid(0) >= 0);
    printf("uid %u gid %u euid %u\n", getuid(), getgid(), geteuid());
    struct utsname name;
    CHECK(uname(&name) == 0);
    printf("system %s machine %s\n", name.sysname, name.machine);
    printf("page %ld entropy %d secure %lu\n", sysconf(_SC_PAGESIZE), getauxval(AT_RANDOM) != 0, getauxval(AT_SECURE));

    cpu_set_t set;
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    CHECK(CPU_COUNT(&set) >= 1 && online >= CPU_COUNT(&set));
    unsigned cpu, node;
    CHECK(getcpu(&cpu, &node) == 0 && CPU_ISSET(cpu, &set));
    CHECK(strstr(slurp("/proc/cpuinfo"), "processor\t: 0"));
    CHECK(strstr(slurp("/proc/meminfo"), "MemTotal:"));
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    printf("stack limit known %d\n", getrlimit(RLIMIT_STACK, &limit) == 0);

    int file = open("/dev/null", O_WRONLY), found = 0;
    sprintf(path, "/proc/self/fd/%d", file);
    CHECK(readlink(path, link, sizeof link) == 9 && !memcmp(link, "/dev/null", 9));
    DIR *folder = opendir("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir(folder));)
        found += atoi(entry->d_name) == file && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(folder);
    CHECK(found == 1);
    pthread_t thread;
    pthread_create(&thread, NULL, named, NULL);
    pthread_join(thread, NULL);
    unsigned char random[64] = { 0 }, zero[64] = { 0 };
    CHECK(syscall(SYS_getrandom, random, sizeof random, 0) == sizeof random && memcmp(random, zero, sizeof zero));
    int urandom = open("/dev/urandom", O_RDONLY);
    CHECK(read(urandom, zero, sizeof zero) == sizeof zero && memcmp(random, zero, sizeof zero));
    CHECK(syscall(9999) == -1 && errno == ENOSYS);
    puts("self known");
    return 0;
}
