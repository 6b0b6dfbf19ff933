using Weft.Linux.Polling;
using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Polling;

public sealed class PollingTests
{
    private const ulong DuplicateFrom = 0;

    [KvmFact]
    public void Poll_reports_a_closed_descriptor_beside_a_ready_one()
    {
        using CallFixture guest = new();
        int ready = (int)guest.Succeed(SystemCall.Eventfd2, 1, 0);
        GuestVirtualAddress entries = guest.Put(Entry(ready), Entry(77), Entry(-5));
        Assert.Equal(2u, guest.Succeed(SystemCall.Poll, entries.Value, 3, ulong.MaxValue));
        Assert.Equal(PolledFile.In, guest.Get<PolledFile>(entries).Returned);
        Assert.Equal(PolledFile.Invalid, guest.Get<PolledFile>(entries, 1).Returned);
        Assert.Equal(0, guest.Get<PolledFile>(entries, 2).Returned);
        Assert.Equal(77, guest.Get<PolledFile>(entries, 1).Descriptor);
    }

    [KvmFact]
    public void Poll_on_the_attendants_thread_declines_to_wait()
    {
        using CallFixture guest = new();
        int idle = (int)guest.Succeed(SystemCall.Eventfd2, 0, 0);
        GuestVirtualAddress entries = guest.Put(Entry(idle));
        Assert.Equal(SyscallResult.Declined, guest.CallAttended(SystemCall.Poll, entries.Value, 1, 1000));
        Assert.Equal(0, guest.CallAttended(SystemCall.Poll, entries.Value, 1, 0).Value);
        Assert.Equal(0u, guest.Succeed(SystemCall.Poll, entries.Value, 1, 1));
    }

    [KvmFact]
    public void Poll_checks_count_and_memory()
    {
        using CallFixture guest = new();
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Poll, 0, (ulong)guest.Process.Files.Limit + 1, 0));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Poll, CallFixture.Unmapped, 1, 0));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Ppoll, 0, 0, guest.Put(0L, 1_000_000_000L).Value, 0, 8));
    }

    [KvmFact]
    public void Ppoll_writes_back_what_is_left()
    {
        using CallFixture guest = new();
        int ready = (int)guest.Succeed(SystemCall.Eventfd2, 1, 0);
        GuestVirtualAddress time = guest.Put(100L, 0L);
        Assert.Equal(1u, guest.Succeed(SystemCall.Ppoll, guest.Put(Entry(ready)).Value, 1, time.Value, 0, 8));
        Assert.InRange(guest.Get<long>(time), 90, 99);
    }

    [KvmFact]
    public void Select_uses_the_programs_numbers()
    {
        using CallFixture guest = new();
        guest.Succeed(SystemCall.Eventfd2, 1, 0);
        guest.Succeed(SystemCall.Fcntl, 0, DuplicateFrom, 200);
        ulong[] set = [1, 0, 0, 1ul << 200 % 64];
        GuestVirtualAddress read = guest.Put<ulong>(set), write = guest.Put<ulong>(set);
        Assert.Equal(4u, guest.Succeed(SystemCall.Select, 201, read.Value, write.Value, 0, 0));
        Assert.Equal(1ul << 200 % 64, guest.Get<ulong>(read, 3));
    }

    [KvmFact]
    public void Select_of_a_closed_descriptor_is_EBADF()
    {
        using CallFixture guest = new();
        Assert.Equal(Errno.EBADF, guest.Fail(SystemCall.Select, 10, guest.Put(1ul << 9).Value, 0, 0, guest.Put(0L, 0L).Value));
        Assert.Equal(0u, guest.Succeed(SystemCall.Select, 9, guest.Put(1ul << 9).Value, 0, 0, guest.Put(0L, 0L).Value));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Select, ulong.MaxValue, 0, 0, 0, 0));
    }

    [KvmFact]
    public void Select_for_exceptions_alone_ignores_a_hang_up()
    {
        using CallFixture guest = new();
        GuestVirtualAddress pair = guest.Map(1);
        guest.Succeed(SystemCall.Socketpair, 1, 1, 0, pair.Value);
        int first = guest.Get<int>(pair), second = guest.Get<int>(pair, 1);
        guest.Succeed(SystemCall.Close, (ulong)second);
        GuestVirtualAddress except = guest.Put(1ul << first);
        Assert.Equal(0u, guest.Succeed(SystemCall.Select, (ulong)first + 1, 0, 0, except.Value, guest.Put(0L, 1000L).Value));
    }

    [KvmFact]
    public void Epoll_returns_the_programs_data()
    {
        using CallFixture guest = new();
        const ulong add = 1, data = 0xfeed_face_0123_4567;
        ulong ready = guest.Succeed(SystemCall.Eventfd2, 1, 0), epoll = guest.Succeed(SystemCall.EpollCreate1, 0);
        GuestVirtualAddress request = guest.Put(1u, unchecked((uint)data), (uint)(data >> 32));
        guest.Succeed(SystemCall.EpollCtl, epoll, add, ready, request.Value);
        GuestVirtualAddress events = guest.Map(1);
        Assert.Equal(1u, guest.Succeed(SystemCall.EpollWait, epoll, events.Value, 1_000_000, ulong.MaxValue));
        Assert.Equal(data, guest.Get<ulong>(events + 4));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.EpollWait, epoll, events.Value, 0, 0));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.EpollWait, epoll, CallFixture.Unmapped, 1, 0));
        Assert.Equal(Errno.EBADF, guest.Fail(SystemCall.EpollCtl, epoll, add, 99, request.Value));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.EpollWait, ready, events.Value, 1, 0));
    }

    [KvmFact]
    public void Epoll_with_a_timeout_waits_that_long()
    {
        using CallFixture guest = new();
        ulong epoll = guest.Succeed(SystemCall.EpollCreate1, 0);
        long start = Environment.TickCount64;
        Assert.Equal(0u, guest.Succeed(SystemCall.EpollPwait2, epoll, guest.Map(1).Value, 1, guest.Put(0L, 20_000_000L).Value, 0, 0));
        Assert.True(Environment.TickCount64 - start >= 19);
        Assert.Equal(SyscallResult.Declined, guest.CallAttended(SystemCall.EpollWait, epoll, guest.Map(1).Value, 1, 20));
    }

    private static PolledFile Entry(int descriptor) => new() { Descriptor = descriptor, Events = PolledFile.In, Returned = -1 };
}
