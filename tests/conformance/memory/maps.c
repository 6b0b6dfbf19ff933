// /proc/self/maps, smaps and friends follow the address space.
#include "check.h"

// Finds the line that holds an address: permissions, offset, rest. False when no line does.
static bool find(const void *address, char permissions[8], unsigned long *offset, char rest[512], unsigned long *start, unsigned long *end)
{
    FILE *f = fopen("/proc/self/maps", "r");
    char line[1024];
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f)) {
        int used = 0;
        if (sscanf(line, "%lx-%lx %7s %lx %*s %*s%n", start, end, permissions, offset, &used) < 4)
            continue;
        found = (unsigned long)address >= *start && (unsigned long)address < *end;
        char *name = line + used;
        while (*name == ' ')
            name++;
        name[strcspn(name, "\n")] = 0;
        snprintf(rest, 512, "%s", name);
    }
    if (f)
        fclose(f);
    return found;
}

static char permissions[8], name[512];
static unsigned long offset, start, end;

TEST(a_new_map_appears_and_goes)
{
    char *p = anon_pages(3, PROT_READ);
    REQUIRE(p);
    EXPECT(find(p, permissions, &offset, name, &start, &end));
    EXPECT(start <= (unsigned long)p && end >= (unsigned long)p + 3 * PAGE);
    EXPECT_STR(permissions, "r--p");
    munmap(p, 3 * PAGE);
    EXPECT(!find(p, permissions, &offset, name, &start, &end));
}

TEST(permissions_follow_mprotect)
{
    struct { int protection; const char *text; } all[] = {
        { PROT_NONE, "---p" }, { PROT_READ, "r--p" }, { PROT_READ | PROT_WRITE, "rw-p" },
        { PROT_READ | PROT_EXEC, "r-xp" }, { PROT_READ | PROT_WRITE | PROT_EXEC, "rwxp" }, { PROT_WRITE, "-w-p" },
    };
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        mprotect(p, PAGE, all[i].protection);
        EXPECT(find(p, permissions, &offset, name, &start, &end));
        EXPECT_STR(permissions, all[i].text);
    }
    munmap(p, PAGE);
}

TEST(a_split_map_has_three_lines)
{
    char *p = anon_pages(3, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    mprotect(p + PAGE, PAGE, PROT_NONE);
    EXPECT(find(p + PAGE, permissions, &offset, name, &start, &end));
    EXPECT(start == (unsigned long)p + PAGE && end == start + PAGE);
    EXPECT_STR(permissions, "---p");
    EXPECT(find(p, permissions, &offset, name, &start, &end));
    EXPECT(end == (unsigned long)p + PAGE);
    EXPECT_STR(permissions, "rw-p");
    munmap(p, 3 * PAGE);
}

TEST(file_maps_show_path_and_offset)
{
    char path[PATH_MAX];
    REQUIRE(temp_dir(path));
    strcat(path, "/mapped");
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    REQUIRE(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
    char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
    REQUIRE(p != MAP_FAILED);
    EXPECT(find(p, permissions, &offset, name, &start, &end));
    EXPECT_STR(permissions, "r--s");
    EXPECT_EQ(offset, 2 * PAGE);
    EXPECT_STR(name, path);
    unlink(path);
    EXPECT(find(p, permissions, &offset, name, &start, &end));
    EXPECT(strlen(name) > 10 && strcmp(name + strlen(name) - 10, " (deleted)") == 0);
    munmap(p, PAGE);
    close(fd);
    *strrchr(path, '/') = 0;
    temp_gone(path);
}

TEST(memfds_show_their_name)
{
    int fd = memfd_create("titled", 0);
    REQUIRE(fd >= 0 && ftruncate(fd, PAGE) == 0);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT(find(p, permissions, &offset, name, &start, &end));
    EXPECT_STR(permissions, "rw-s");
    EXPECT_STR(name, "/memfd:titled (deleted)");
    munmap(p, PAGE);
    close(fd);
}

TEST(the_stack_is_named)
{
    char here;
    EXPECT(find(&here, permissions, &offset, name, &start, &end));
    EXPECT_STR(name, "[stack]");
    EXPECT_STR(permissions, "rw-p");
}

TEST(the_program_is_named)
{
    char exe[PATH_MAX] = "";
    EXPECT(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
    EXPECT(find((void *)find, permissions, &offset, name, &start, &end));
    EXPECT_STR(name, exe);
    EXPECT_STR(permissions, "r-xp");
    static int data = 1;
    EXPECT(find(&data, permissions, &offset, name, &start, &end));
    EXPECT_STR(permissions, "rw-p");
}

TEST(libc_is_named)
{
    EXPECT(find((void *)(uintptr_t)&strtol, permissions, &offset, name, &start, &end));
    EXPECT(strstr(name, "libc") != NULL);
}

TEST(the_vdso_is_listed)
{
    static char maps[1 << 16];
    slurp("/proc/self/maps", maps, sizeof maps);
    EXPECT(strstr(maps, "[vdso]") != NULL);
}

TEST(lines_ascend_without_overlap)
{
    FILE *f = fopen("/proc/self/maps", "r");
    unsigned long last = 0, a, b;
    char line[1024];
    REQUIRE(f);
    while (fgets(line, sizeof line, f)) {
        EXPECT_EQ(sscanf(line, "%lx-%lx", &a, &b), 2);
        EXPECT(a >= last && b > a);
        last = b;
    }
    fclose(f);
}

TEST(adjacent_equal_maps_merge)
{
    char *p = anon_pages(4, PROT_NONE);
    REQUIRE(p);
    mmap(p + PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap(p + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    EXPECT(find(p + PAGE, permissions, &offset, name, &start, &end));
    EXPECT(start == (unsigned long)p + PAGE && end == start + 2 * PAGE);
    munmap(p, 4 * PAGE);
}

TEST(smaps_has_the_fields)
{
    static char smaps[1 << 17];
    slurp("/proc/self/smaps", smaps, sizeof smaps);
    EXPECT(strstr(smaps, "\nSize:") != NULL);
    EXPECT(strstr(smaps, "\nRss:") != NULL);
    EXPECT(strstr(smaps, "\nVmFlags:") != NULL);
}

TEST(statm_has_seven_numbers)
{
    char text[256];
    long n[7];
    slurp("/proc/self/statm", text, sizeof text);
    EXPECT_EQ(sscanf(text, "%ld %ld %ld %ld %ld %ld %ld", n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6), 7);
    EXPECT(n[0] > 0 && n[1] > 0 && n[0] >= n[1]);
}

TEST(self_mem_reads_and_writes_memory)
{
    volatile int secret = 4711;
    int got = 0, fd = open("/proc/self/mem", O_RDWR);
    REQUIRE(fd >= 0);
    EXPECT_EQ(pread(fd, &got, 4, (off_t)&secret), 4);
    EXPECT_EQ(got, 4711);
    got = 815;
    EXPECT_EQ(pwrite(fd, &got, 4, (off_t)&secret), 4);
    EXPECT_EQ(secret, 815);
    EXPECT_ERRNO(pread(fd, &got, 4, 0x10), EIO);
    close(fd);
}

MAIN()
