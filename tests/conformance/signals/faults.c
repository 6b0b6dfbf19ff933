// Signals from real faults: number, code, address, trap number and error code, and going on behind them.
#include "fault.h"
#include <ucontext.h>

static struct fault seen;
static long trap, error_code, cr2, step;

static void skip(int number, siginfo_t *info, void *context)
{
    ucontext_t *c = context;
    seen = (struct fault){ number, info->si_code, info->si_addr };
    trap = c->uc_mcontext.gregs[REG_TRAPNO];
    error_code = c->uc_mcontext.gregs[REG_ERR];
    cr2 = c->uc_mcontext.gregs[REG_CR2];
    c->uc_mcontext.gregs[REG_RIP] += step;
}

static void catch(int number, long bytes)
{
    struct sigaction a = { .sa_sigaction = skip, .sa_flags = SA_SIGINFO };
    sigaction(number, &a, NULL);
    memset(&seen, 0, sizeof seen);
    trap = error_code = cr2 = -1;
    step = bytes;
}

TEST(a_load_from_nowhere)
{
    catch(SIGSEGV, 2); // mov (%rax), %al is two bytes
    __asm__ volatile("movb (%%rax), %%al" : : "a"(0x1238L) : "memory");
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SEGV_MAPERR);
    EXPECT_EQ(seen.address, 0x1238);
    EXPECT_EQ(trap, 14);
    EXPECT_EQ(error_code, 4);
    EXPECT_EQ(cr2, 0x1238);
}

TEST(a_store_to_nowhere)
{
    catch(SIGSEGV, 2);
    __asm__ volatile("movb %%cl, (%%rax)" : : "a"(0x1239L), "c"(1) : "memory");
    EXPECT_EQ(seen.code, SEGV_MAPERR);
    EXPECT_EQ(seen.address, 0x1239);
    EXPECT_EQ(error_code, 6);
}

TEST(a_store_to_read_only_memory)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    (void)*(volatile char *)p;
    catch(SIGSEGV, 2);
    __asm__ volatile("movb %%cl, (%%rax)" : : "a"(p + 5), "c"(1) : "memory");
    EXPECT_EQ(seen.code, SEGV_ACCERR);
    EXPECT(seen.address == p + 5);
    EXPECT_EQ(trap, 14);
    EXPECT_EQ(error_code, 7);
    munmap(p, PAGE);
}

TEST(a_jump_to_data)
{
    char *p = anon_pages(1, PROT_READ | PROT_WRITE);
    REQUIRE(p);
    *p = 0;
    struct fault f = fault_call(p);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_ACCERR);
    EXPECT(f.address == p);
    munmap(p, PAGE);
}

TEST(a_jump_to_nowhere)
{
    struct fault f = fault_call((void *)0x1000);
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_MAPERR);
    EXPECT_EQ(f.address, 0x1000);
}

TEST(a_non_canonical_address_has_no_si_addr)
{
    catch(SIGSEGV, 2);
    __asm__ volatile("movb (%%rax), %%al" : : "a"(0x8000000000001234L) : "memory");
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SI_KERNEL);
    EXPECT_EQ(seen.address, 0);
    EXPECT_EQ(trap, 13);
    EXPECT_EQ(error_code, 0);
}

TEST(a_kernel_address)
{
    catch(SIGSEGV, 2);
    __asm__ volatile("movb (%%rax), %%al" : : "a"(0xffffffff80000000L) : "memory");
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SEGV_MAPERR);
    EXPECT_EQ(trap, 14);
}

TEST(division_by_zero)
{
    catch(SIGFPE, 2); // div %ecx
    void *at;
    __asm__ volatile("lea 1f(%%rip), %0\n1: div %%ecx" : "=&S"(at) : "a"(1), "d"(0), "c"(0) : "cc");
    EXPECT_EQ(seen.signal, SIGFPE);
    EXPECT_EQ(seen.code, FPE_INTDIV);
    EXPECT(seen.address == at);
    EXPECT_EQ(trap, 0);
}

TEST(division_overflow)
{
    int low = INT_MIN, high = -1;
    catch(SIGFPE, 2);
    __asm__ volatile("idiv %%ecx" : "+a"(low), "+d"(high) : "c"(-1) : "cc");
    EXPECT_EQ(seen.code, FPE_INTDIV);
}

TEST(an_undefined_instruction)
{
    catch(SIGILL, 2);
    void *at;
    __asm__ volatile("lea 1f(%%rip), %0\n1: ud2" : "=&S"(at));
    EXPECT_EQ(seen.signal, SIGILL);
    EXPECT_EQ(seen.code, ILL_ILLOPN);
    EXPECT(seen.address == at);
    EXPECT_EQ(trap, 6);
}

TEST(a_breakpoint)
{
    catch(SIGTRAP, 0); // the instruction is behind already
    __asm__ volatile("int3");
    EXPECT_EQ(seen.signal, SIGTRAP);
    EXPECT_EQ(seen.code, SI_KERNEL);
    EXPECT_EQ(trap, 3);
}

TEST(a_single_step)
{
    catch(SIGTRAP, 0);
    static struct sigaction a;
    // The handler clears the trap flag, else every instruction would trap.
    void once(int number, siginfo_t *info, void *context)
    {
        ucontext_t *c = context;
        seen = (struct fault){ number, info->si_code, info->si_addr };
        trap = c->uc_mcontext.gregs[REG_TRAPNO];
        c->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
    }
    a.sa_sigaction = once;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGTRAP, &a, NULL);
    __asm__ volatile("lea -128(%%rsp), %%rsp\n pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop\n lea 128(%%rsp), %%rsp" : : : "cc", "memory");
    EXPECT_EQ(seen.signal, SIGTRAP);
    EXPECT_EQ(seen.code, TRAP_TRACE);
    EXPECT_EQ(trap, 1);
}

TEST(an_int_0x80_number_or_a_fault)
{
    // int $n with a vector of no gate for user mode is a general protection fault.
    catch(SIGSEGV, 2);
    __asm__ volatile("int $0x42");
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SI_KERNEL);
    EXPECT_EQ(trap, 13);
}

TEST(privileged_instructions)
{
    catch(SIGSEGV, 1);
    __asm__ volatile("hlt");
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SI_KERNEL);
    catch(SIGSEGV, 1);
    __asm__ volatile("cli");
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(trap, 13);
    catch(SIGSEGV, 3);
    __asm__ volatile("mov %%cr3, %%rax" : : : "rax");
    EXPECT_EQ(seen.signal, SIGSEGV);
    catch(SIGSEGV, 2);
    __asm__ volatile("wrmsr" : : "c"(0x10), "a"(0), "d"(0));
    EXPECT_EQ(seen.signal, SIGSEGV);
}

TEST(port_access)
{
    catch(SIGSEGV, 1);
    __asm__ volatile("outb %%al, %%dx" : : "a"(0), "d"(0x80));
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SI_KERNEL);
    EXPECT_EQ(trap, 13);
    catch(SIGSEGV, 1);
    __asm__ volatile("inl %%dx, %%eax" : : "d"(0x60) : "eax");
    EXPECT_EQ(seen.signal, SIGSEGV);
}

TEST(a_bus_error_beyond_a_file)
{
    int fd = temp_pages(1);
    char *p = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    REQUIRE(p != MAP_FAILED);
    catch(SIGBUS, 2);
    __asm__ volatile("movb (%%rax), %%al" : : "a"(p + PAGE + 3) : "memory");
    EXPECT_EQ(seen.signal, SIGBUS);
    EXPECT_EQ(seen.code, BUS_ADRERR);
    EXPECT(seen.address == p + PAGE + 3);
    EXPECT_EQ(trap, 14);
    munmap(p, 2 * PAGE);
    close(fd);
}

TEST(an_alignment_check)
{
    static char bytes[16] __attribute__((aligned(16)));
    struct fault f = FAULTING({
        __asm__ volatile("lea -128(%%rsp), %%rsp\n pushf\n orl $0x40000, (%%rsp)\n popf\n movl 1(%0), %%eax\n"
                         "pushf\n andl $~0x40000, (%%rsp)\n popf\n lea 128(%%rsp), %%rsp" : : "r"(bytes) : "eax", "cc", "memory");
    });
    __asm__ volatile("pushf\n andl $~0x40000, (%%rsp)\n popf" : : : "cc", "memory");
    EXPECT_EQ(f.signal, SIGBUS);
    EXPECT_EQ(f.code, BUS_ADRALN);
}

TEST(floating_point_exceptions_when_unmasked)
{
    catch(SIGFPE, 4); // divss %xmm1, %xmm0
    unsigned mxcsr = 0x1f80 & ~0x200u, plain = 0x1f80; // division by zero unmasked
    void unmask_off(int number, siginfo_t *info, void *context)
    {
        ucontext_t *c = context;
        seen = (struct fault){ number, info->si_code, info->si_addr };
        trap = c->uc_mcontext.gregs[REG_TRAPNO];
        c->uc_mcontext.fpregs->mxcsr = 0x1f80;
    }
    struct sigaction a = { .sa_sigaction = unmask_off, .sa_flags = SA_SIGINFO };
    sigaction(SIGFPE, &a, NULL);
    float one = 1, zero = 0;
    __asm__ volatile("ldmxcsr %0\n movss %1, %%xmm0\n movss %2, %%xmm1\n divss %%xmm1, %%xmm0\n ldmxcsr %3"
                     : : "m"(mxcsr), "m"(one), "m"(zero), "m"(plain) : "xmm0", "xmm1");
    EXPECT_EQ(seen.signal, SIGFPE);
    EXPECT_EQ(seen.code, FPE_FLTDIV);
    EXPECT_EQ(trap, 19);
}

TEST(a_handler_can_map_what_was_missing)
{
    static char *page;
    page = anon_pages(1, PROT_NONE);
    void mend(int number, siginfo_t *info, void *context)
    {
        (void)number, (void)context;
        mprotect((void *)((uintptr_t)info->si_addr & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE);
    }
    struct sigaction a = { .sa_sigaction = mend, .sa_flags = SA_SIGINFO };
    REQUIRE(page);
    sigaction(SIGSEGV, &a, NULL);
    *(volatile char *)(page + 8) = 5;
    EXPECT_EQ(page[8], 5);
    munmap(page, PAGE);
}

TEST(a_fault_in_a_thread_is_that_threads)
{
    static pthread_t handled_by;
    static sigjmp_buf out;
    void note(int number, siginfo_t *info, void *context)
    {
        (void)number, (void)info, (void)context;
        handled_by = pthread_self();
        siglongjmp(out, 1);
    }
    void *faulter(void *unused)
    {
        (void)unused;
        if (sigsetjmp(out, 1) == 0)
            *(volatile char *)8 = 1;
        return NULL;
    }
    struct sigaction a = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };
    pthread_t t;
    sigaction(SIGSEGV, &a, NULL);
    REQUIRE(pthread_create(&t, NULL, faulter, NULL) == 0);
    pthread_t expected = t;
    pthread_join(t, NULL);
    EXPECT(pthread_equal(handled_by, expected));
}

TEST(a_handler_that_never_returns_many_times)
{
    for (int i = 0; i < 200; i++)
        EXPECT_EQ(fault_read((void *)0x20).signal, SIGSEGV);
}

TEST(a_sent_sigsegv_has_no_trap)
{
    catch(SIGSEGV, 0);
    raise(SIGSEGV);
    EXPECT_EQ(seen.signal, SIGSEGV);
    EXPECT_EQ(seen.code, SI_TKILL);
}

TEST(a_fault_on_two_pages_tells_the_second)
{
    char *p = page_before_hole();
    REQUIRE(p);
    struct fault f = FAULTING((void)*(volatile long *)(p + PAGE - 4));
    EXPECT_EQ(f.signal, SIGSEGV);
    EXPECT(f.address == p + PAGE);
    munmap(p, 2 * PAGE);
}

MAIN()
