using Weft.Linux.Memory;
using Weft.Linux.Sockets;
using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Sockets;

public sealed class TransferTests : IDisposable
{
    private readonly CallFixture _guest = new();

    public void Dispose() => _guest.Dispose();

    [KvmFact]
    public void The_attendant_takes_what_is_there_and_declines_to_wait()
    {
        (ulong a, ulong b) = Pair(SocketFlags.Stream);
        ulong buffer = _guest.Map(1).Value;
        Assert.Equal(SyscallResult.Declined, _guest.CallAttended(SystemCall.Recvfrom, b, buffer, 10, 0));
        Assert.Equal(Errno.EAGAIN, _guest.CallAttended(SystemCall.Recvfrom, b, buffer, 10, SocketFlags.DontWait).Error);
        Assert.Equal(SyscallResult.Declined, _guest.CallAttended(SystemCall.Sendto, a, buffer, 3, 0));
        Assert.Equal(3, _guest.CallAttended(SystemCall.Sendto, a, buffer, 3, SocketFlags.DontWait).Value);
        Assert.Equal(3, _guest.CallAttended(SystemCall.Recvfrom, b, buffer, 10, 0).Value);
    }

    [KvmFact]
    public void A_message_that_is_partly_inaccessible_is_not_sent()
    {
        ulong stream = Pair(SocketFlags.Stream).First, datagram = Pair(2).First;
        GuestVirtualAddress pages = _guest.Map(2);
        _guest.Memory.Unmap(pages.Value + CallFixture.PageBytes, CallFixture.PageBytes);
        ulong near = pages.Value + CallFixture.PageBytes - 10;
        Assert.Equal(Errno.EFAULT, _guest.Fail(SystemCall.Sendto, stream, near, 20, 0));
        Assert.Equal(10u, _guest.Succeed(SystemCall.Sendto, stream, near, 10, 0));
        Assert.Equal(Errno.EFAULT, _guest.Fail(SystemCall.Sendto, datagram, near, 20, 0));
        Assert.Equal(Errno.EFAULT, _guest.Fail(SystemCall.Sendto, stream, CallFixture.Unmapped, 20, 0));
    }

    [KvmFact]
    public void A_buffer_over_several_mappings_is_filled()
    {
        (ulong a, ulong b) = Pair(SocketFlags.Stream);
        GuestVirtualAddress pages = _guest.Map(3);
        _guest.Memory.Protect(pages.Value + CallFixture.PageBytes, CallFixture.PageBytes, Protection.Read | Protection.Write | Protection.Execute);
        _guest.Memory.TryWrite(pages + 4090, 0x0123_4567_89ab_cdef);
        Assert.Equal(9000u, _guest.Succeed(SystemCall.Sendto, a, pages.Value, 9000, 0));
        GuestVirtualAddress to = _guest.Map(3);
        _guest.Memory.Protect(to.Value + CallFixture.PageBytes, CallFixture.PageBytes, Protection.Read | Protection.Write | Protection.Execute);
        Assert.Equal(9000u, _guest.Succeed(SystemCall.Recvfrom, b, to.Value, 9000, 0));
        Assert.Equal(0x0123_4567_89ab_cdef, _guest.Get<long>(to + 4090));
    }

    [KvmFact]
    public void A_timeout_ends_a_receive()
    {
        (_, ulong b) = Pair(SocketFlags.Stream);
        ulong time = _guest.Put(0L, 20_000L).Value;
        _guest.Succeed(SystemCall.Setsockopt, b, SocketFlags.LevelSocket, SocketFlags.OptionReceiveTimeout, time, 16);
        Assert.Equal(Errno.EAGAIN, _guest.Fail(SystemCall.Recvfrom, b, _guest.Map(1).Value, 1, 0));
    }

    [KvmFact]
    public void Options_with_pointers_are_translated_or_refused()
    {
        (ulong a, _) = Pair(2);
        const ulong attachFilter = 26, attachBpf = 50, getFilter = 26, returnAll = 0x0004_0000_0000_0006;
        ulong instruction = _guest.Put(returnAll).Value;
        Assert.Equal(0u, _guest.Succeed(SystemCall.Setsockopt, a, SocketFlags.LevelSocket, attachFilter, _guest.Put(1ul, instruction).Value, 16));
        ulong room = _guest.Put(1).Value, back = _guest.Map(1).Value;
        _guest.Succeed(SystemCall.Getsockopt, a, SocketFlags.LevelSocket, getFilter, back, room);
        Assert.Equal(returnAll, _guest.Get<ulong>(new(back)));
        Assert.Equal(Errno.EFAULT, _guest.Fail(SystemCall.Setsockopt, a, SocketFlags.LevelSocket, attachFilter, _guest.Put(1ul, CallFixture.Unmapped).Value, 16));
        Assert.Equal(Errno.ENOPROTOOPT, _guest.Fail(SystemCall.Setsockopt, a, SocketFlags.LevelSocket, attachBpf, room, 4));
        Assert.Equal(Errno.EINVAL, _guest.Fail(SystemCall.Setsockopt, a, SocketFlags.LevelSocket, 2, room, ulong.MaxValue));
    }

    [KvmFact]
    public void Many_messages_are_counted_up_to_the_first_failure()
    {
        (ulong a, ulong b) = Pair(2);
        ulong vectors = _guest.Put(_guest.Map(1).Value, 4ul).Value;
        GuestVirtualAddress messages = _guest.Map(1);
        for (ulong i = 0; i < 3; i++)
            _guest.Memory.TryWrite(messages + i * 64, new MessageHeader { Vectors = i == 2 ? CallFixture.Unmapped : vectors, VectorCount = 1 });
        Assert.Equal(2u, _guest.Succeed(SystemCall.Sendmmsg, a, messages.Value, 3, 0));
        Assert.Equal(4u, _guest.Get<uint>(messages + 56));
        const ulong waitForOne = 0x10000;
        _guest.Memory.TryWrite(messages + 128, new MessageHeader { Vectors = vectors, VectorCount = 1 });
        Assert.Equal(2u, _guest.Succeed(SystemCall.Recvmmsg, b, messages.Value, 3, waitForOne, 0));
        Assert.Equal(Errno.EMSGSIZE, _guest.Fail(SystemCall.Sendmsg, a, _guest.Put(new MessageHeader { Vectors = vectors, VectorCount = 2000 }).Value, 0));
    }

    /// <summary>Random arguments at every call of these rooms that never waits: no exception, and the VM lives on.</summary>
    [KvmFact]
    public void Random_arguments_never_break_the_VMM()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        (ulong a, ulong b) = Pair(SocketFlags.Stream);
        ulong page = _guest.Map(2).Value, readOnly = _guest.Map(1, Protection.Read).Value, epoll = _guest.Succeed(SystemCall.EpollCreate1, 0);
        ulong[] values = [0, 1, 2, 3, 8, 16, 64, 128, 4096, ulong.MaxValue, int.MaxValue, 1UL << 63, a, b, epoll, page, page + 4095,
            page + 8190, readOnly, CallFixture.Unmapped, 1UL << 47, 0xffff_8000_0000_0000];
        SystemCall[] calls = [SystemCall.Bind, SystemCall.Getsockname, SystemCall.Getpeername, SystemCall.Sendto, SystemCall.Recvfrom,
            SystemCall.Sendmsg, SystemCall.Recvmsg, SystemCall.Setsockopt, SystemCall.Getsockopt, SystemCall.Poll, SystemCall.Ppoll,
            SystemCall.Select, SystemCall.Pselect6, SystemCall.EpollCtl, SystemCall.EpollWait, SystemCall.EpollPwait2, SystemCall.Getrandom,
            SystemCall.Prlimit64, SystemCall.Capget, SystemCall.SetMempolicy, SystemCall.GetMempolicy, SystemCall.Mbind, SystemCall.MigratePages,
            SystemCall.SchedGetaffinity, SystemCall.SchedGetattr, SystemCall.Getgroups, SystemCall.Sysinfo, SystemCall.Uname,
            SystemCall.Semctl, SystemCall.Shmctl, SystemCall.Msgctl];
        Span<byte> noise = stackalloc byte[512];
        ulong[] arguments = new ulong[6];
        for (int round = 0; round < 20_000; round++)
        {
            random.NextBytes(noise);
            _guest.Memory.TryWrite(new(page), noise);
            for (int i = 0; i < arguments.Length; i++)
                arguments[i] = values[random.Next(values.Length)];
            // Never a command that changes what belongs to the host.
            SystemCall call = calls[random.Next(calls.Length)];
            if (call is SystemCall.Semctl or SystemCall.Shmctl or SystemCall.Msgctl)
                arguments[call == SystemCall.Semctl ? 2 : 1] = 2;
            try
            {
                _guest.CallAttended(call, arguments);
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}, round {round}: {call}({string.Join(", ", arguments)}): {exception}");
            }
        }
    }

    private (ulong First, ulong Second) Pair(int type)
    {
        GuestVirtualAddress pair = _guest.Map(1);
        _guest.Succeed(SystemCall.Socketpair, SocketFlags.FamilyUnix, (ulong)type, 0, pair.Value);
        return (_guest.Get<uint>(pair), _guest.Get<uint>(pair, 1));
    }
}
