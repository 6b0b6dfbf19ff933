// System V shared memory.
#include "fault.h"
#include <sys/ipc.h>
#include <sys/shm.h>

TEST(a_segment_is_zero_and_shared)
{
    int id = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);
    REQUIRE(id >= 0);
    char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, 0);
    REQUIRE(a != (void *)-1 && b != (void *)-1);
    EXPECT(a != b);
    EXPECT_EQ(a[PAGE], 0);
    a[PAGE] = 7;
    EXPECT_EQ(b[PAGE], 7);
    EXPECT_OK(shmctl(id, IPC_RMID, NULL));
    EXPECT_OK(shmdt(a));
    EXPECT_EQ(b[PAGE], 7);
    EXPECT_EQ(fault_read(a).signal, SIGSEGV);
    EXPECT_OK(shmdt(b));
}

TEST(statistics)
{
    struct shmid_ds d;
    int id = shmget(IPC_PRIVATE, 100, 0640);
    REQUIRE(id >= 0);
    EXPECT_OK(shmctl(id, IPC_STAT, &d));
    EXPECT_EQ(d.shm_segsz, 100);
    EXPECT_EQ(d.shm_nattch, 0);
    EXPECT_EQ(d.shm_cpid, getpid());
    EXPECT_EQ(d.shm_perm.mode & 0777, 0640);
    EXPECT_EQ(d.shm_perm.uid, geteuid());
    char *p = shmat(id, NULL, 0);
    EXPECT_OK(shmctl(id, IPC_STAT, &d));
    EXPECT_EQ(d.shm_nattch, 1);
    EXPECT_EQ(d.shm_lpid, getpid());
    d.shm_perm.mode = 0600;
    EXPECT_OK(shmctl(id, IPC_SET, &d));
    EXPECT_OK(shmctl(id, IPC_STAT, &d));
    EXPECT_EQ(d.shm_perm.mode & 0777, 0600);
    EXPECT_OK(shmdt(p));
    EXPECT_OK(shmctl(id, IPC_STAT, &d));
    EXPECT_EQ(d.shm_nattch, 0);
    EXPECT_OK(shmctl(id, IPC_RMID, NULL));
    EXPECT_ERRNO(shmctl(id, IPC_STAT, &d), EINVAL);
}

TEST(attach_after_removal)
{
    // Linux lets a removed segment be attached while somebody holds it; MPI libraries rest on that.
    struct shmid_ds d;
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    char *a = shmat(id, NULL, 0);
    REQUIRE(a != (void *)-1);
    EXPECT_OK(shmctl(id, IPC_RMID, NULL));
    char *b = shmat(id, NULL, 0);
    REQUIRE(b != (void *)-1);
    EXPECT_OK(shmctl(id, IPC_STAT, &d));
    EXPECT_EQ(d.shm_perm.mode & SHM_DEST, SHM_DEST);
    EXPECT_EQ(d.shm_nattch, 2);
    *a = 1;
    EXPECT_EQ(*b, 1);
    shmdt(a);
    shmdt(b);
    EXPECT_ERRNO(shmat(id, NULL, 0), EINVAL);
}

TEST(keys_find_segments)
{
    key_t key = 0x57000000 + getpid();
    int id = shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
    REQUIRE(id >= 0);
    EXPECT_ERRNO(shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600), EEXIST);
    EXPECT_EQ(shmget(key, PAGE, 0), id);
    EXPECT_EQ(shmget(key, 0, 0), id);
    EXPECT_ERRNO(shmget(key, 2 * PAGE, 0), EINVAL);
    shmctl(id, IPC_RMID, NULL);
    EXPECT_ERRNO(shmget(key, PAGE, 0), ENOENT);
}

TEST(attach_at_an_address)
{
    int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
    char *place = anon_pages(4, PROT_READ | PROT_WRITE);
    REQUIRE(id >= 0 && place);
    *place = 9;
    EXPECT_ERRNO(shmat(id, place, 0), EINVAL); // taken
    EXPECT_ERRNO(shmat(id, place + 100, 0), EINVAL);
    EXPECT(shmat(id, place + PAGE + 100, SHM_REMAP | SHM_RND) == place + PAGE);
    EXPECT_EQ(place[PAGE], 0);
    EXPECT_EQ(place[0], 9);
    place[PAGE] = 3;
    char *b = shmat(id, NULL, 0);
    EXPECT_EQ(*b, 3);
    EXPECT_ERRNO(shmat(id, NULL, SHM_REMAP), EINVAL);
    shmdt(b);
    shmdt(place + PAGE);
    shmctl(id, IPC_RMID, NULL);
    munmap(place, 4 * PAGE);
}

TEST(read_only_attachments)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    char *p = shmat(id, NULL, SHM_RDONLY);
    REQUIRE(p != (void *)-1);
    EXPECT_EQ(fault_read(p).signal, 0);
    EXPECT_EQ(fault_write(p).signal, SIGSEGV);
    EXPECT_ERRNO(mprotect(p, PAGE, PROT_READ | PROT_WRITE), EACCES);
    shmdt(p);
    shmctl(id, IPC_RMID, NULL);
}

TEST(executable_attachments)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0700);
    unsigned char *p = shmat(id, NULL, SHM_EXEC);
    REQUIRE(p != (void *)-1);
    memcpy(p, "\xb8\x07\0\0\0\xc3", 6);
    EXPECT_EQ(((int (*)(void))p)(), 7);
    shmdt(p);
    shmctl(id, IPC_RMID, NULL);
}

TEST(shm_errors)
{
    struct shmid_ds d;
    char *p = anon_pages(1, PROT_READ);
    EXPECT_ERRNO(shmget(IPC_PRIVATE, 0, 0600), EINVAL);
    EXPECT_ERRNO(shmat(-1, NULL, 0), EINVAL);
    EXPECT_ERRNO(shmdt(p), EINVAL);
    EXPECT_ERRNO(shmdt(p + 1), EINVAL);
    EXPECT_ERRNO(shmctl(-1, IPC_STAT, &d), EINVAL);
    EXPECT_ERRNO(shmctl(0x7ffffff0, IPC_RMID, NULL), EINVAL);
    munmap(p, PAGE);
}

TEST(huge_segments_are_refused_or_real)
{
    int id = shmget(IPC_PRIVATE, 2 << 20, SHM_HUGETLB | 0600);
    if (id < 0) {
        EXPECT(errno == ENOMEM || errno == EPERM || errno == EINVAL || errno == ENOSYS);
        return;
    }
    shmctl(id, IPC_RMID, NULL);
}

TEST(limits_can_be_read)
{
    struct shminfo info;
    struct shmid_ds *d = (void *)&info;
    EXPECT(shmctl(0, IPC_INFO, d) >= 0);
    EXPECT(info.shmmin == 1 && info.shmmni > 0);
}

MAIN()
