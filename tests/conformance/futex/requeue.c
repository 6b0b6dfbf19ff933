// FUTEX_REQUEUE, CMP_REQUEUE, WAKE_OP, futex_waitv.
#include "futex.h"

static atomic_uint a, b;

TEST(requeue_moves_the_rest)
{
    struct waiter w[3] = { 0 };
    atomic_store(&a, 0);
    for (int i = 0; i < 3; i++)
        REQUIRE(waiter_start(&w[i], &a, FUTEX_WAIT_PRIVATE, 0, 0));
    EXPECT_EQ(futex(&a, FUTEX_REQUEUE_PRIVATE, 1, (void *)INT_MAX, &b, 0), 3);
    EXPECT_EQ(futex(&a, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
    EXPECT_EQ(futex(&b, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
    for (int i = 0; i < 3; i++)
        pthread_join(w[i].thread, NULL);
}

TEST(cmp_requeue_checks_the_value)
{
    atomic_store(&a, 5);
    EXPECT_ERRNO(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &b, 6), EAGAIN);
    EXPECT_EQ(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &b, 5), 0);
}

TEST(cmp_requeue_counts_woken_and_moved)
{
    struct waiter w[4] = { 0 };
    atomic_store(&a, 0);
    for (int i = 0; i < 4; i++)
        REQUIRE(waiter_start(&w[i], &a, FUTEX_WAIT_PRIVATE, 0, 0));
    EXPECT_EQ(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &b, 0), 3);
    EXPECT_EQ(futex(&a, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 1);
    EXPECT_EQ(futex(&b, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
    for (int i = 0; i < 4; i++)
        pthread_join(w[i].thread, NULL);
}

TEST(requeue_of_a_shared_word)
{
    struct waiter w = { 0 };
    atomic_uint *s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(s != MAP_FAILED && waiter_start(&w, s, FUTEX_WAIT, 0, 0));
    EXPECT_EQ(futex(s, FUTEX_CMP_REQUEUE, 0, (void *)1, s + 16, 0), 1);
    EXPECT_EQ(futex(s + 16, FUTEX_WAKE, 1, NULL, NULL, 0), 1);
    pthread_join(w.thread, NULL);
    EXPECT_EQ(w.result, 0);
    munmap(s, PAGE);
}

TEST(negative_counts_are_refused)
{
    EXPECT_ERRNO(futex(&a, FUTEX_REQUEUE_PRIVATE, -1u, (void *)1, &b, 0), EINVAL);
    EXPECT_ERRNO(futex(&a, FUTEX_REQUEUE_PRIVATE, 1, (void *)-1L, &b, 0), EINVAL);
}

TEST(requeue_to_a_bad_address)
{
    EXPECT_ERRNO(futex(&a, FUTEX_REQUEUE, 1, (void *)1, (void *)0x1000, 0), EFAULT);
    EXPECT_ERRNO(futex(&a, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, (char *)&b + 1, 0), EINVAL);
}

static unsigned wake_op(unsigned op, unsigned operand, unsigned compare, unsigned against)
{
    return FUTEX_OP(op, operand, compare, against);
}

TEST(wake_op_does_its_arithmetic)
{
    struct { unsigned op, operand, from, to; } all[] = {
        { FUTEX_OP_SET, 7, 3, 7 }, { FUTEX_OP_ADD, 7, 3, 10 }, { FUTEX_OP_OR, 4, 3, 7 },
        { FUTEX_OP_ANDN, 1, 3, 2 }, { FUTEX_OP_XOR, 1, 3, 2 }, { FUTEX_OP_SET | FUTEX_OP_OPARG_SHIFT, 5, 0, 32 },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        atomic_store(&b, all[i].from);
        EXPECT_EQ(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, wake_op(all[i].op, all[i].operand, FUTEX_OP_CMP_EQ, 0)), 0);
        EXPECT_EQ(b, all[i].to);
    }
}

TEST(wake_op_adds_a_negative_operand)
{
    atomic_store(&b, 3);
    EXPECT_EQ(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, wake_op(FUTEX_OP_ADD, 0xfff, FUTEX_OP_CMP_EQ, 0)), 0);
    EXPECT_EQ(b, 2);
}

TEST(wake_op_wakes_both_when_the_old_value_matches)
{
    struct waiter x = { 0 }, y = { 0 };
    atomic_store(&a, 0);
    atomic_store(&b, 1);
    REQUIRE(waiter_start(&x, &a, FUTEX_WAIT_PRIVATE, 0, 0) && waiter_start(&y, &b, FUTEX_WAIT_PRIVATE, 1, 0));
    EXPECT_EQ(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, wake_op(FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 0)), 2);
    pthread_join(x.thread, NULL);
    pthread_join(y.thread, NULL);
    EXPECT_EQ(b, 0);
}

TEST(wake_op_wakes_one_when_it_does_not)
{
    struct waiter x = { 0 }, y = { 0 };
    atomic_store(&a, 0);
    atomic_store(&b, 1);
    REQUIRE(waiter_start(&x, &a, FUTEX_WAIT_PRIVATE, 0, 0) && waiter_start(&y, &b, FUTEX_WAIT_PRIVATE, 1, 0));
    EXPECT_EQ(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, wake_op(FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 1)), 1);
    pthread_join(x.thread, NULL);
    EXPECT_EQ(atomic_load(&y.done), 0);
    EXPECT_EQ(futex(&b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    pthread_join(y.thread, NULL);
}

TEST(wake_op_refuses_unknown_operations)
{
    EXPECT_ERRNO(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, wake_op(6, 0, FUTEX_OP_CMP_EQ, 0)), ENOSYS);
    EXPECT_ERRNO(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &b, wake_op(FUTEX_OP_SET, 0, 9, 0)), ENOSYS);
}

TEST(wake_op_on_read_only_memory)
{
    char *p = anon_pages(1, PROT_READ);
    REQUIRE(p);
    EXPECT_ERRNO(futex(&a, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, p, wake_op(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)), EFAULT);
    munmap(p, PAGE);
}

MAIN()
