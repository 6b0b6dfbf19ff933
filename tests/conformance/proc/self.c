// /proc/self and the system-wide files that programs read at start.
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>

static char text[1 << 16];

static const char *read_self(const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/%s", name);
    return slurp(path, text, sizeof text);
}

// The number behind "Key:" in a file of such lines; -1 without.
static long field(const char *where, const char *key)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\n%s:", key);
    const char *at = strncmp(where, wanted + 1, strlen(wanted) - 1) == 0 ? where + strlen(wanted) - 1 : NULL;
    if (!at && (at = strstr(where, wanted)))
        at += strlen(wanted);
    return at ? strtol(at, NULL, 10) : -1;
}

TEST(exe_is_this_program)
{
    char to[PATH_MAX] = "";
    struct stat a, b;
    EXPECT(readlink("/proc/self/exe", to, sizeof to - 1) > 0);
    EXPECT(to[0] == '/');
    EXPECT_STR(strrchr(to, '/'), "/self");
    EXPECT_OK(stat("/proc/self/exe", &a));
    EXPECT_OK(stat(to, &b));
    EXPECT(a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    int fd = open("/proc/self/exe", O_RDONLY);
    char magic[4];
    EXPECT_EQ(read(fd, magic, 4), 4);
    EXPECT_MEM(magic, ELFMAG, 4);
    close(fd);
}

TEST(cmdline_holds_the_arguments)
{
    int fd = open("/proc/self/cmdline", O_RDONLY);
    char b[4096];
    ssize_t n = read(fd, b, sizeof b);
    EXPECT(n > 1 && b[n - 1] == 0);
    EXPECT_STR(b, program_invocation_name);
    close(fd);
}

TEST(environ_holds_the_first_environment)
{
    extern char **environ;
    int fd = open("/proc/self/environ", O_RDONLY);
    static char b[1 << 16];
    ssize_t n = read(fd, b, sizeof b);
    EXPECT(n >= 0);
    if (environ[0] && n > 0)
        EXPECT(memmem(b, (size_t)n, environ[0], strlen(environ[0]) + 1) != NULL);
    close(fd);
}

TEST(auxv_equals_getauxval)
{
    Elf64_auxv_t v[64];
    int fd = open("/proc/self/auxv", O_RDONLY), found = 0;
    ssize_t n = read(fd, v, sizeof v);
    EXPECT(n > 0 && n % (ssize_t)sizeof *v == 0);
    for (ssize_t i = 0; i < n / (ssize_t)sizeof *v; i++) {
        if (v[i].a_type == AT_PAGESZ || v[i].a_type == AT_ENTRY || v[i].a_type == AT_PHDR) {
            EXPECT(v[i].a_un.a_val == getauxval(v[i].a_type));
            found++;
        }
    }
    EXPECT_EQ(found, 3);
    EXPECT_EQ(v[n / (ssize_t)sizeof *v - 1].a_type, AT_NULL);
    close(fd);
}

TEST(stat_fields)
{
    int pid, ppid, pgrp;
    char name[64], state;
    read_self("stat");
    EXPECT_EQ(sscanf(text, "%d (%63[^)]) %c %d %d", &pid, name, &state, &ppid, &pgrp), 5);
    EXPECT_EQ(pid, getpid());
    EXPECT_STR(name, "self");
    EXPECT_EQ(state, 'R');
    EXPECT_EQ(ppid, getppid());
    EXPECT_EQ(pgrp, getpgrp());
    int fields = 0;
    for (char *p = strrchr(text, ')'); *p; p++)
        fields += *p == ' ';
    EXPECT_EQ(fields, 50); // 52 fields in all
}

TEST(status_fields)
{
    read_self("status");
    EXPECT(strncmp(text, "Name:\tself\n", 11) == 0);
    EXPECT_EQ(field(text, "Pid"), getpid());
    EXPECT_EQ(field(text, "Tgid"), getpid());
    EXPECT_EQ(field(text, "PPid"), getppid());
    EXPECT_EQ(field(text, "Uid"), getuid());
    EXPECT_EQ(field(text, "TracerPid"), 0);
    EXPECT_EQ(field(text, "Threads"), 1);
    EXPECT(field(text, "VmSize") > 0);
    EXPECT(field(text, "VmRSS") > 0);
    EXPECT(field(text, "VmPeak") >= field(text, "VmRSS"));
    EXPECT(strstr(text, "\nSigBlk:\t") && strstr(text, "\nSigCgt:\t"));
    EXPECT(strstr(text, "\nCpus_allowed_list:\t") != NULL);
}

TEST(status_shows_signal_masks)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    sigprocmask(SIG_BLOCK, &s, NULL);
    read_self("status");
    char *at = strstr(text, "\nSigBlk:\t");
    REQUIRE(at);
    EXPECT_EQ(strtoul(at + 9, NULL, 16), 1 << (SIGUSR1 - 1));
    sigprocmask(SIG_UNBLOCK, &s, NULL);
}

TEST(fd_lists_the_open_descriptors)
{
    int a = open("/dev/null", O_RDONLY), seen = 0, others = 0;
    DIR *d = opendir("/proc/self/fd");
    struct dirent *e;
    REQUIRE(d);
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        if (fcntl(atoi(e->d_name), F_GETFD) == -1)
            others++;
        seen += atoi(e->d_name) == a;
    }
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(others, 0);
    closedir(d);
    close(a);
}

TEST(fdinfo_tells_position_and_flags)
{
    char path[64];
    int fd = temp_pages(1);
    lseek(fd, 77, SEEK_SET);
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    slurp(path, text, sizeof text);
    EXPECT_EQ(field(text, "pos"), 77);
    EXPECT(strstr(text, "flags:\t") != NULL);
    close(fd);
}

TEST(a_closed_descriptor_has_no_link)
{
    char to[64];
    EXPECT_ERRNO(readlink("/proc/self/fd/9999", to, sizeof to), ENOENT);
    EXPECT_ERRNO(open("/proc/self/fd/9999", O_RDONLY), ENOENT);
}

TEST(dev_fd_and_stdin_lead_to_proc)
{
    char to[64] = "";
    EXPECT(readlink("/dev/fd", to, sizeof to - 1) > 0);
    EXPECT_STR(to, "/proc/self/fd");
    int fd = temp_file();
    char path[32];
    EXPECT_EQ(write(fd, "x", 1), 1);
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    int again = open(path, O_RDONLY);
    EXPECT_EQ(read(again, to, 4), 1);
    close(again);
    close(fd);
}

TEST(self_leads_to_the_pid)
{
    char to[32] = "", want[32];
    EXPECT(readlink("/proc/self", to, sizeof to - 1) > 0);
    snprintf(want, sizeof want, "%d", getpid());
    EXPECT_STR(to, want);
    snprintf(want, sizeof want, "/proc/%d/comm", getpid());
    EXPECT_STR(slurp(want, text, sizeof text), "self\n");
    memset(to, 0, sizeof to);
    EXPECT(readlink("/proc/thread-self", to, sizeof to - 1) > 0);
    snprintf(want, sizeof want, "%d/task/%d", getpid(), getpid());
    EXPECT_STR(to, want);
}

TEST(comm_can_be_written)
{
    int fd = open("/proc/self/comm", O_WRONLY);
    REQUIRE(fd >= 0);
    EXPECT_EQ(write(fd, "renamed", 7), 7);
    close(fd);
    EXPECT_STR(read_self("comm"), "renamed\n");
    fd = open("/proc/self/comm", O_WRONLY);
    EXPECT_EQ(write(fd, "self", 4), 4);
    close(fd);
}

TEST(root_and_cwd_links)
{
    char to[PATH_MAX] = "";
    EXPECT_EQ(readlink("/proc/self/root", to, sizeof to), 1);
    EXPECT_EQ(to[0], '/');
    struct stat a, b;
    EXPECT_OK(stat("/proc/self/cwd", &a));
    EXPECT_OK(stat(".", &b));
    EXPECT(a.st_ino == b.st_ino);
}

TEST(mountinfo_names_the_root)
{
    read_self("mountinfo");
    bool root = false, proc = false;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char at[1024], kind[64] = "";
        char *dash = strstr(line, " - ");
        if (sscanf(line, "%*d %*d %*s %*s %1023s", at) != 1 || !dash)
            continue;
        sscanf(dash + 3, "%63s", kind);
        root |= strcmp(at, "/") == 0;
        proc |= strcmp(at, "/proc") == 0 && strcmp(kind, "proc") == 0;
    }
    EXPECT(root);
    EXPECT(proc);
    EXPECT(strlen(read_self("mounts")) > 0);
}

TEST(cgroup_lines)
{
    int id;
    read_self("cgroup");
    EXPECT_EQ(sscanf(text, "%d:", &id), 1);
    EXPECT(strchr(text, '/') != NULL);
}

TEST(limits_equal_getrlimit)
{
    struct rlimit r;
    read_self("limits");
    char *line = strstr(text, "Max open files");
    REQUIRE(line && getrlimit(RLIMIT_NOFILE, &r) == 0);
    EXPECT_EQ(strtol(line + 14, NULL, 10), (long)r.rlim_cur);
}

TEST(oom_and_io_files)
{
    EXPECT_EQ(atoi(read_self("oom_score_adj")), 0);
    EXPECT(strlen(read_self("wchan")) < 64);
    read_self("io");
    EXPECT(field(text, "rchar") >= 0);
}

TEST(namespaces_are_links)
{
    char to[64] = "";
    EXPECT(readlink("/proc/self/ns/user", to, sizeof to - 1) > 0);
    EXPECT(strncmp(to, "user:[", 6) == 0);
    memset(to, 0, sizeof to);
    EXPECT(readlink("/proc/self/ns/net", to, sizeof to - 1) > 0);
    EXPECT(strncmp(to, "net:[", 5) == 0);
}

TEST(task_lists_the_main_thread)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", getpid());
    EXPECT_STR(slurp(path, text, sizeof text), "self\n");
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    EXPECT_EQ(atoi(slurp(path, text, sizeof text)), getpid());
    EXPECT_ERRNO(open("/proc/self/task/1073741823/comm", O_RDONLY), ENOENT);
}

TEST(a_thread_can_name_another)
{
    static atomic_int tid, stop;
    void *wait(void *unused)
    {
        atomic_store(&tid, (int)syscall(SYS_gettid));
        while (!atomic_load(&stop))
            sleep_ms(1);
        return unused;
    }
    pthread_t t;
    char path[64];
    REQUIRE(pthread_create(&t, NULL, wait, NULL) == 0 && EVENTUALLY(tid != 0));
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    int fd = open(path, O_WRONLY);
    EXPECT_EQ(write(fd, "helper", 6), 6);
    close(fd);
    EXPECT_STR(slurp(path, text, sizeof text), "helper\n");
    EXPECT_STR(read_self("comm"), "self\n");
    EXPECT_EQ(field(read_self("status"), "Threads"), 2);
    atomic_store(&stop, 1);
    pthread_join(t, NULL);
}

TEST(meminfo_fields)
{
    slurp("/proc/meminfo", text, sizeof text);
    long total = field(text, "MemTotal"), available = field(text, "MemAvailable");
    EXPECT(total > 0 && available > 0 && available <= total);
    EXPECT(field(text, "MemFree") > 0);
    EXPECT(field(text, "SwapTotal") >= 0);
    struct sysinfo i;
    sysinfo(&i);
    EXPECT(i.totalram / 1024 * i.mem_unit == (unsigned long)total);
}

TEST(system_files)
{
    double up, idle;
    EXPECT_EQ(sscanf(slurp("/proc/uptime", text, sizeof text), "%lf %lf", &up, &idle), 2);
    EXPECT(up > 0);
    float a, b, c;
    EXPECT_EQ(sscanf(slurp("/proc/loadavg", text, sizeof text), "%f %f %f", &a, &b, &c), 3);
    EXPECT(strncmp(slurp("/proc/stat", text, sizeof text), "cpu ", 4) == 0);
    EXPECT(strstr(slurp("/proc/version", text, sizeof text), "Linux version") == text);
    EXPECT(strstr(slurp("/proc/filesystems", text, sizeof text), "proc") != NULL);
    EXPECT(atoi(slurp("/proc/sys/kernel/pid_max", text, sizeof text)) >= 32768);
    EXPECT(strlen(slurp("/proc/sys/kernel/ostype", text, sizeof text)) == 6);
    int over = atoi(slurp("/proc/sys/vm/overcommit_memory", text, sizeof text));
    EXPECT(over >= 0 && over <= 2);
    EXPECT(atoi(slurp("/proc/sys/vm/max_map_count", text, sizeof text)) > 1000);
    EXPECT(atol(slurp("/proc/sys/fs/file-max", text, sizeof text)) > 0);
    EXPECT(strlen(slurp("/proc/sys/kernel/random/boot_id", text, sizeof text)) == 37);
}

TEST(processor_counts_agree)
{
    int in_stat = 0;
    slurp("/proc/stat", text, sizeof text);
    for (char *p = text; (p = strstr(p, "\ncpu")); p++)
        in_stat++;
    EXPECT_EQ(in_stat, sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(proc_is_read_only_where_linux_is)
{
    EXPECT_ERRNO(mkdir("/proc/new", 0755), ENOENT);
    EXPECT_ERRNO(open("/proc/none", O_RDONLY), ENOENT);
    EXPECT_ERRNO(unlink("/proc/self/exe"), EPERM);
}

TEST(small_reads_continue)
{
    char whole[4096], parts[4096];
    size_t used = 0;
    ssize_t n;
    slurp("/proc/self/limits", whole, sizeof whole);
    int fd = open("/proc/self/limits", O_RDONLY);
    while ((n = read(fd, parts + used, 7)) > 0)
        used += (size_t)n;
    parts[used] = 0;
    EXPECT_STR(parts, whole);
    EXPECT_EQ(pread(fd, parts, 5, 4), 5);
    EXPECT_MEM(parts, whole + 4, 5);
    close(fd);
}

TEST(root_of_proc_lists_this_process)
{
    DIR *d = opendir("/proc");
    struct dirent *e;
    bool found = false, self = false;
    REQUIRE(d);
    while ((e = readdir(d))) {
        found |= atoi(e->d_name) == getpid();
        self |= strcmp(e->d_name, "self") == 0;
    }
    closedir(d);
    EXPECT(found);
    EXPECT(self);
}

MAIN()
