// Generated code: executable memory, self-modifying code, W^X double maps of one memfd, shadow memory seals.
#include "fault.h"

typedef int (*function)(void);

// mov eax, value; ret
static void emit(char *at, int value)
{
    at[0] = (char)0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = (char)0xc3;
}

TEST(code_in_rwx_memory_runs)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    REQUIRE(p);
    emit(p, 1234);
    EXPECT_EQ(((function)p)(), 1234);
    munmap(p, PAGE);
}

TEST(code_written_then_made_executable_runs)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    emit(p, 77);
    EXPECT_OK(mprotect(p, PAGE, PROT_READ | PROT_EXEC));
    EXPECT_EQ(((function)p)(), 77);
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    munmap(p, PAGE);
}

TEST(execute_only_memory_runs)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    emit(p, 78);
    EXPECT_OK(mprotect(p, PAGE, PROT_EXEC));
    EXPECT_EQ(((function)p)(), 78);
    munmap(p, PAGE);
}

TEST(modified_code_runs_in_its_new_form)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    REQUIRE(p);
    for (int i = 0; i < 100; i++) {
        emit(p, i);
        __builtin___clear_cache(p, p + 6);
        EXPECT_EQ(((function)p)(), i);
    }
    munmap(p, PAGE);
}

TEST(one_memfd_mapped_twice_as_rw_and_rx)
{
    int fd = memfd_create("code", MFD_CLOEXEC);
    REQUIRE(fd >= 0 && ftruncate(fd, 16 * PAGE) == 0);
    char *rw = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *rx = mmap(NULL, 16 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    REQUIRE(rw != MAP_FAILED && rx != MAP_FAILED);
    for (int i = 0; i < 16; i++) {
        emit(rw + i * PAGE, i + 1000);
        EXPECT_EQ(((function)(rx + i * PAGE))(), i + 1000);
    }
    EXPECT_EQ(fault_write(rx).signal, SIGSEGV);
    EXPECT_EQ(fault_call(rw).signal, SIGSEGV);
    emit(rw, 5);
    EXPECT_EQ(((function)rx)(), 5);
    munmap(rw, 16 * PAGE);
    EXPECT_EQ(((function)rx)(), 5);
    munmap(rx, 16 * PAGE);
    close(fd);
}

TEST(memfd_page_in_a_reserved_range)
{
    // .NET's executable allocator: reserve, then lay memfd pages over it at fixed places.
    size_t size = 2UL << 30;
    int fd = memfd_create("doublemapper", MFD_CLOEXEC);
    REQUIRE(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    char *rx = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(rx != MAP_FAILED);
    off_t at = 1L << 30;
    EXPECT(mmap(rx + at, 16 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, at) == rx + at);
    char *rw = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
    REQUIRE(rw != MAP_FAILED);
    emit(rw + 10, 9);
    EXPECT_EQ(((function)(rx + at + 10))(), 9);
    munmap(rw, 16 * PAGE);
    munmap(rx, size);
    close(fd);
}

TEST(code_crossing_a_page_runs)
{
    char *p = anon_pages(2, PROT_READ | PROT_WRITE | PROT_EXEC);
    REQUIRE(p);
    emit(p + PAGE - 3, 31);
    EXPECT_EQ(((function)(p + PAGE - 3))(), 31);
    EXPECT_OK(mprotect(p + PAGE, PAGE, PROT_READ));
    struct fault f = fault_call(p + PAGE - 3);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT(f.address == p + PAGE);
    munmap(p, 2 * PAGE);
}

TEST(code_from_a_file_map_runs)
{
    int fd = temp_file();
    char code[PAGE];
    memset(code, 0x90, PAGE);
    emit(code, 55);
    REQUIRE(write(fd, code, PAGE) == (ssize_t)PAGE);
    char *p = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    REQUIRE(p != MAP_FAILED);
    EXPECT_EQ(((function)p)(), 55);
    munmap(p, PAGE);
    close(fd);
}

static function shared_code;
static atomic_int code_go, code_bad;

static void *caller(void *unused)
{
    (void)unused;
    while (!atomic_load(&code_go)) {
        int r = shared_code();
        if (r != 1 && r != 2)
            atomic_store(&code_bad, 1);
    }
    return NULL;
}

TEST(another_thread_sees_patched_code)
{
    pthread_t thread;
    char *p = anon_pages(1, PROT_READ | PROT_WRITE | PROT_EXEC);
    REQUIRE(p);
    emit(p + 3, 1); // the immediate is aligned, so the patch is one atomic store
    shared_code = (function)(p + 3);
    atomic_store(&code_go, 0);
    REQUIRE(pthread_create(&thread, NULL, caller, NULL) == 0);
    for (int i = 0; i < 1000; i++)
        atomic_store((atomic_int *)(p + 4), i % 2 + 1);
    atomic_store(&code_go, 1);
    pthread_join(thread, NULL);
    EXPECT_EQ(atomic_load(&code_bad), 0);
    munmap(p, PAGE);
}

static int answer(void) { return 3; }

TEST(library_text_may_be_patched)
{
    // UCX hooks functions this way: the text page becomes RWX for a moment.
    char *page = (char *)((uintptr_t)answer & ~(PAGE - 1));
    volatile function call = answer;
    EXPECT_EQ(call(), 3);
    REQUIRE(mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    char saved[6];
    memcpy(saved, (char *)answer, 6);
    emit((char *)answer, 4);
    EXPECT_EQ(call(), 4);
    memcpy((char *)answer, saved, 6);
    EXPECT_OK(mprotect(page, 2 * PAGE, PROT_READ | PROT_EXEC));
    EXPECT_EQ(call(), 3);
}

MAIN()
