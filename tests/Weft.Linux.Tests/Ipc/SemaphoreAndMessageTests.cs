using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Ipc;

public sealed class SemaphoreAndMessageTests
{
    private const ulong Private = 0, Create = 0x380, Remove = 0, NoWait = 0x800;

    [KvmFact]
    public void All_values_of_a_set_are_written_and_read()
    {
        using CallFixture guest = new();
        const ulong setAll = 17, getAll = 13;
        ulong id = guest.Succeed(SystemCall.Semget, Private, 3, Create);
        guest.Succeed(SystemCall.Semctl, id, 0, setAll, guest.Put<ushort>(1, 2, 3).Value);
        GuestVirtualAddress values = guest.Map(1);
        guest.Succeed(SystemCall.Semctl, id, 0, getAll, values.Value);
        Assert.Equal(3, guest.Get<ushort>(values, 2));
        Assert.Equal(0, guest.Get<ushort>(values, 3));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Semctl, id, 0, setAll, CallFixture.Unmapped));
        guest.Succeed(SystemCall.Semctl, id, 0, Remove, 0);
    }

    [KvmFact]
    public void An_operation_with_a_timeout_gives_up()
    {
        using CallFixture guest = new();
        ulong id = guest.Succeed(SystemCall.Semget, Private, 1, Create);
        ulong take = guest.Put<short>(0, -1, 0).Value;
        Assert.Equal(Errno.EAGAIN, guest.Fail(SystemCall.Semtimedop, id, take, 1, guest.Put(0L, 10_000_000L).Value));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Semtimedop, id, take, 1, guest.Put(0L, -1L).Value));
        Assert.Equal(Errno.E2BIG, guest.Fail(SystemCall.Semop, id, take, 100_000));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Semop, id, take, 0));
        guest.Succeed(SystemCall.Semctl, id, 0, Remove, 0);
    }

    [KvmFact]
    public void Messages_come_back_by_type()
    {
        using CallFixture guest = new();
        ulong id = guest.Succeed(SystemCall.Msgget, Private, Create);
        guest.Succeed(SystemCall.Msgsnd, id, guest.Put(1L, 111L).Value, 8, 0);
        guest.Succeed(SystemCall.Msgsnd, id, guest.Put(2L, 222L).Value, 8, 0);
        GuestVirtualAddress buffer = guest.Map(1);
        Assert.Equal(8u, guest.Succeed(SystemCall.Msgrcv, id, buffer.Value, 100, 2, 0));
        Assert.Equal(222L, guest.Get<long>(buffer, 1));
        Assert.Equal(Errno.E2BIG, guest.Fail(SystemCall.Msgrcv, id, buffer.Value, 4, 0, NoWait));
        Assert.Equal(8u, guest.Succeed(SystemCall.Msgrcv, id, buffer.Value, long.MaxValue, 0, NoWait));
        Assert.Equal(Errno.ENOMSG, guest.Fail(SystemCall.Msgrcv, id, buffer.Value, 8, 0, NoWait));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Msgsnd, id, guest.Put(1L).Value, ulong.MaxValue, 0));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Msgsnd, id, CallFixture.Unmapped, 8, 0));
        guest.Succeed(SystemCall.Msgctl, id, Remove, 0);
    }
}
