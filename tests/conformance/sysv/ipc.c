// System V semaphores and messages; POSIX message queues.
#include "check.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

union semun { int val; struct semid_ds *buf; unsigned short *array; };

static int set;

static int operate(int index, int by, int flags)
{
    struct sembuf b = { (unsigned short)index, (short)by, (short)flags };
    return semop(set, &b, 1);
}

TEST(semaphore_values)
{
    unsigned short all[3] = { 1, 2, 3 }, got[3];
    set = semget(IPC_PRIVATE, 3, 0600);
    REQUIRE(set >= 0);
    EXPECT_EQ(semctl(set, 0, GETVAL), 0);
    EXPECT_OK(semctl(set, 1, SETVAL, (union semun){ .val = 5 }));
    EXPECT_EQ(semctl(set, 1, GETVAL), 5);
    EXPECT_OK(semctl(set, 0, SETALL, (union semun){ .array = all }));
    EXPECT_OK(semctl(set, 0, GETALL, (union semun){ .array = got }));
    EXPECT_MEM(got, all, sizeof all);
    EXPECT_OK(semctl(set, 0, IPC_RMID));
    EXPECT_ERRNO(semctl(set, 0, GETVAL), EINVAL);
}

TEST(semaphore_operations)
{
    struct sembuf both[] = { { 0, -1, IPC_NOWAIT }, { 1, -1, IPC_NOWAIT } };
    set = semget(IPC_PRIVATE, 2, 0600);
    EXPECT_OK(operate(0, 2, 0));
    EXPECT_OK(operate(0, -1, 0));
    EXPECT_EQ(semctl(set, 0, GETVAL), 1);
    EXPECT_ERRNO(semop(set, both, 2), EAGAIN); // all or nothing
    EXPECT_EQ(semctl(set, 0, GETVAL), 1);
    EXPECT_ERRNO(operate(0, 0, IPC_NOWAIT), EAGAIN);
    EXPECT_OK(operate(1, 0, IPC_NOWAIT));
    EXPECT_EQ(semctl(set, 0, GETPID), getpid());
    EXPECT_ERRNO(operate(9, 1, 0), EFBIG);
    EXPECT_ERRNO(operate(0, 32767, 0), ERANGE);
    EXPECT_ERRNO(semop(set, both, 0), EINVAL);
    EXPECT_ERRNO(semop(set, BAD, 1), EFAULT);
    semctl(set, 0, IPC_RMID);
}

static void *add_later(void *unused)
{
    sleep_ms(3);
    operate(0, 1, 0);
    return unused;
}

TEST(semaphores_wait)
{
    pthread_t t;
    struct timespec limit = { 0, 3000000 };
    struct sembuf b = { 0, -1, 0 };
    set = semget(IPC_PRIVATE, 1, 0600);
    EXPECT_ERRNO(semtimedop(set, &b, 1, &limit), EAGAIN);
    REQUIRE(pthread_create(&t, NULL, add_later, NULL) == 0);
    EXPECT_OK(operate(0, -1, 0));
    pthread_join(t, NULL);
    semctl(set, 0, IPC_RMID);
}

static atomic_int removed_errno;
static void *wait_for_removal(void *unused)
{
    atomic_store(&removed_errno, operate(0, -1, 0) == -1 ? errno : 0);
    return unused;
}

TEST(removal_wakes_waiters)
{
    pthread_t t;
    set = semget(IPC_PRIVATE, 1, 0600);
    REQUIRE(pthread_create(&t, NULL, wait_for_removal, NULL) == 0);
    EXPECT(EVENTUALLY(semctl(set, 0, GETNCNT) == 1));
    EXPECT_OK(semctl(set, 0, IPC_RMID));
    pthread_join(t, NULL);
    EXPECT_EQ(removed_errno, EIDRM);
}

TEST(semaphore_statistics)
{
    struct semid_ds d;
    set = semget(IPC_PRIVATE, 4, 0640);
    EXPECT_OK(semctl(set, 0, IPC_STAT, (union semun){ .buf = &d }));
    EXPECT_EQ(d.sem_nsems, 4);
    EXPECT_EQ(d.sem_perm.mode & 0777, 0640);
    semctl(set, 0, IPC_RMID);
    EXPECT_ERRNO(semget(IPC_PRIVATE, 0, 0600), EINVAL);
    EXPECT_ERRNO(semget(0x57454655, 1, 0), ENOENT);
}

struct message { long kind; char text[32]; };

TEST(messages_by_kind)
{
    struct message m = { 3, "three" }, got;
    int q = msgget(IPC_PRIVATE, 0600);
    REQUIRE(q >= 0);
    EXPECT_OK(msgsnd(q, &m, 6, 0));
    m = (struct message){ 1, "one" };
    EXPECT_OK(msgsnd(q, &m, 4, 0));
    m = (struct message){ 2, "two" };
    EXPECT_OK(msgsnd(q, &m, 4, 0));
    EXPECT_EQ(msgrcv(q, &got, 32, 1, 0), 4);
    EXPECT_STR(got.text, "one");
    EXPECT_EQ(msgrcv(q, &got, 32, -2, 0), 4); // the lowest up to two
    EXPECT_STR(got.text, "two");
    EXPECT_ERRNO(msgrcv(q, &got, 2, 0, 0), E2BIG);
    EXPECT_EQ(msgrcv(q, &got, 2, 0, MSG_NOERROR), 2);
    EXPECT_EQ(got.kind, 3);
    EXPECT_ERRNO(msgrcv(q, &got, 32, 0, IPC_NOWAIT), ENOMSG);
    m.kind = 0;
    EXPECT_ERRNO(msgsnd(q, &m, 4, 0), EINVAL);
    EXPECT_ERRNO(msgsnd(q, BAD, 4, 0), EFAULT);
    struct msqid_ds d;
    EXPECT_OK(msgctl(q, IPC_STAT, &d));
    EXPECT_EQ(d.msg_qnum, 0);
    EXPECT_OK(msgctl(q, IPC_RMID, NULL));
    EXPECT_ERRNO(msgsnd(q, &m, 4, 0), EINVAL);
}

TEST(posix_queues_order_by_priority)
{
    struct mq_attr a = { .mq_maxmsg = 4, .mq_msgsize = 16 };
    char name[64], b[16];
    unsigned priority;
    snprintf(name, sizeof name, "/conformance-%d", getpid());
    mqd_t q = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &a);
    if (q == (mqd_t)-1) {
        EXPECT(errno == ENOSYS);
        return;
    }
    EXPECT_OK(mq_unlink(name));
    EXPECT_OK(mq_send(q, "low", 4, 1));
    EXPECT_OK(mq_send(q, "high", 5, 9));
    EXPECT_EQ(mq_receive(q, b, 16, &priority), 5);
    EXPECT_EQ(priority, 9);
    EXPECT_STR(b, "high");
    EXPECT_ERRNO(mq_receive(q, b, 4, NULL), EMSGSIZE);
    EXPECT_EQ(mq_receive(q, b, 16, NULL), 4);
    EXPECT_ERRNO(mq_receive(q, b, 16, NULL), EAGAIN);
    mq_close(q);
}

MAIN()
