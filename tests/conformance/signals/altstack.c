// Alternate stacks: use, nesting, refusals, overflow of the real stack.
#include "check.h"
#include <setjmp.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static char stack_a[64 * 1024] __attribute__((aligned(16))), stack_b[64 * 1024] __attribute__((aligned(16)));
static volatile sig_atomic_t inside, flags_inside, error_inside, nested_inside;
static sigjmp_buf back;

static bool within(const void *p, const char *stack) { return (const char *)p >= stack && (const char *)p < stack + sizeof stack_a; }

static void use(char *stack, unsigned flags)
{
    stack_t s = { .ss_sp = stack, .ss_size = sizeof stack_a, .ss_flags = (int)flags };
    sigaltstack(&s, NULL);
}

static void stop_using(void)
{
    stack_t s = { .ss_flags = SS_DISABLE };
    sigaltstack(&s, NULL);
}

static void look(int number)
{
    char here;
    stack_t s;
    (void)number;
    inside = within(&here, stack_a);
    sigaltstack(NULL, &s);
    flags_inside = s.ss_flags;
    stack_t other = { .ss_sp = stack_b, .ss_size = sizeof stack_b };
    error_inside = sigaltstack(&other, NULL) == -1 ? errno : 0;
}

static void on_altstack(int number, void (*f)(int), int flags)
{
    struct sigaction a = { .sa_handler = f, .sa_flags = SA_ONSTACK | flags };
    sigaction(number, &a, NULL);
}

TEST(there_is_none_at_first)
{
    stack_t s;
    EXPECT_OK(sigaltstack(NULL, &s));
    EXPECT_EQ(s.ss_flags, SS_DISABLE);
}

TEST(a_handler_runs_on_it)
{
    use(stack_a, 0);
    on_altstack(SIGUSR1, look, 0);
    inside = 0;
    raise(SIGUSR1);
    EXPECT(inside);
    EXPECT_EQ(flags_inside, SS_ONSTACK);
    EXPECT_EQ(error_inside, EPERM); // it can't be changed while in use
    stack_t s;
    sigaltstack(NULL, &s);
    EXPECT_EQ(s.ss_flags, 0);
    EXPECT(s.ss_sp == stack_a);
    EXPECT_EQ(s.ss_size, sizeof stack_a);
    stop_using();
}

TEST(without_onstack_it_is_not_used)
{
    struct sigaction a = { .sa_handler = look };
    use(stack_a, 0);
    sigaction(SIGUSR1, &a, NULL);
    inside = 1;
    raise(SIGUSR1);
    EXPECT(!inside);
    EXPECT_EQ(flags_inside, 0);
    stop_using();
}

static char *outer_frame;
static void nest_inner(int number)
{
    char here;
    (void)number;
    nested_inside = within(&here, stack_a) && &here < outer_frame;
}

static void nest_outer(int number)
{
    char here;
    (void)number;
    outer_frame = &here;
    inside = within(&here, stack_a);
    raise(SIGUSR2);
}

TEST(a_nested_handler_continues_below)
{
    use(stack_a, 0);
    on_altstack(SIGUSR1, nest_outer, 0);
    on_altstack(SIGUSR2, nest_inner, 0);
    inside = nested_inside = 0;
    raise(SIGUSR1);
    EXPECT(inside);
    EXPECT(nested_inside);
    stop_using();
}

TEST(autodisarm_frees_it_for_the_time_of_the_handler)
{
    use(stack_a, SS_AUTODISARM);
    on_altstack(SIGUSR1, look, 0);
    raise(SIGUSR1);
    EXPECT(inside);
    EXPECT_EQ((unsigned)flags_inside & ~SS_AUTODISARM, SS_DISABLE);
    EXPECT_EQ(error_inside, 0);
    stack_t s;
    sigaltstack(NULL, &s);
    EXPECT(s.ss_sp == stack_a); // sigreturn restored it
    EXPECT((unsigned)s.ss_flags == SS_AUTODISARM);
    stop_using();
}

TEST(bad_stacks_are_refused)
{
    stack_t small = { .ss_sp = stack_a, .ss_size = 1024 }, odd = { .ss_sp = stack_a, .ss_size = 8192, .ss_flags = 0x55 };
    EXPECT_ERRNO(sigaltstack(&small, NULL), ENOMEM);
    EXPECT_ERRNO(sigaltstack(&odd, NULL), EINVAL);
    EXPECT_ERRNO(syscall(SYS_sigaltstack, BAD, NULL), EFAULT);
    EXPECT_ERRNO(syscall(SYS_sigaltstack, NULL, BAD), EFAULT);
}

static volatile sig_atomic_t overflow_signal;
static void overflowed(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    overflow_signal = number;
    siglongjmp(back, 1);
}

static int devour(int n)
{
    volatile char frame[4096];
    frame[0] = (char)n;
    return n > 1000000 ? 0 : devour(n + 1) + frame[0];
}

static void *overflow(void *unused)
{
    struct sigaction a = { .sa_sigaction = overflowed, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    (void)unused;
    use(stack_a, 0);
    sigaction(SIGSEGV, &a, NULL);
    if (sigsetjmp(back, 1) == 0)
        devour(0);
    stop_using();
    a.sa_handler = SIG_DFL;
    a.sa_flags = 0;
    sigaction(SIGSEGV, &a, NULL);
    return NULL;
}

TEST(a_stack_overflow_can_be_survived_in_a_thread)
{
    pthread_attr_t a;
    pthread_t t;
    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 256 * 1024);
    overflow_signal = 0;
    REQUIRE(pthread_create(&t, &a, overflow, NULL) == 0);
    pthread_join(t, NULL);
    EXPECT_EQ(overflow_signal, SIGSEGV);
}

static void *fresh(void *unused)
{
    stack_t s;
    (void)unused;
    sigaltstack(NULL, &s);
    return (void *)(intptr_t)s.ss_flags;
}

TEST(a_new_thread_has_none)
{
    pthread_t t;
    void *r;
    use(stack_a, 0);
    REQUIRE(pthread_create(&t, NULL, fresh, NULL) == 0);
    pthread_join(t, &r);
    EXPECT_EQ(r, SS_DISABLE);
    stop_using();
}

TEST(longjmp_off_it_frees_it)
{
    struct sigaction a = { .sa_sigaction = overflowed, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    use(stack_a, 0);
    sigaction(SIGUSR1, &a, NULL);
    for (int i = 0; i < 5; i++)
        if (sigsetjmp(back, 1) == 0)
            raise(SIGUSR1);
    stack_t s;
    sigaltstack(NULL, &s);
    EXPECT_EQ(s.ss_flags, 0);
    stop_using();
}

MAIN()
