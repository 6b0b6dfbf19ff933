using Weft.Linux.Tests.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Ipc;

public sealed class SharedMemoryTests
{
    private const int Private = 0, Remove = 0, Status = 2, ReadOnly = 0x1000, Round = 0x2000, Remap = 0x4000;

    [KvmFact]
    public void Stores_are_seen_by_the_host_and_by_another_VM()
    {
        using CallFixture one = new(), two = new();
        ulong id = Create(one, 3 * CallFixture.PageBytes);
        long host = HostStubs.Call(SystemCall.Shmat, (long)id);
        GuestVirtualAddress first = new(one.Succeed(SystemCall.Shmat, id, 0, 0)), second = new(two.Succeed(SystemCall.Shmat, id, 0, 0));
        Assert.True(one.Memory.TryWrite(first + 5000, 0x1234_5678u));
        Assert.Equal(0x1234_5678u, two.Get<uint>(second + 5000));
        Span<byte> seen = stackalloc byte[4];
        Assert.True(HostStubs.TryRead(new HostAddress((ulong)host + 5000), seen));
        Assert.Equal(0x1234_5678u, BitConverter.ToUInt32(seen));
        HostStubs.Call(SystemCall.Shmdt, host);
        Destroy(one, id);
    }

    [KvmFact]
    public void A_removed_segment_can_be_attached_while_someone_holds_it()
    {
        using CallFixture guest = new();
        ulong id = Create(guest, CallFixture.PageBytes);
        ulong first = guest.Succeed(SystemCall.Shmat, id, 0, 0);
        Destroy(guest, id);
        ulong second = guest.Succeed(SystemCall.Shmat, id, 0, 0);
        Assert.NotEqual(first, second);
        guest.Succeed(SystemCall.Shmdt, first);
        guest.Succeed(SystemCall.Shmdt, second);
        Assert.NotEqual(Errno.None, guest.Fail(SystemCall.Shmat, id, 0, 0));
    }

    [KvmFact]
    public void Detaching_ends_the_attachment_on_the_host()
    {
        using CallFixture guest = new();
        ulong id = Create(guest, 2 * CallFixture.PageBytes);
        ulong address = guest.Succeed(SystemCall.Shmat, id, 0, 0);
        Assert.Equal(1ul, Attachments(guest, id));
        guest.Memory.Unmap(address, CallFixture.PageBytes);
        Assert.Equal(1ul, Attachments(guest, id));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Shmdt, address + CallFixture.PageBytes));
        guest.Succeed(SystemCall.Shmdt, address);
        Assert.False(guest.Memory.TryRead(new(address + CallFixture.PageBytes), out uint _));
        Assert.Equal(0ul, Attachments(guest, id));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Shmdt, address));
        Destroy(guest, id);
    }

    [KvmFact]
    public void A_read_only_attachment_stays_so()
    {
        using CallFixture guest = new();
        ulong id = Create(guest, CallFixture.PageBytes);
        ulong address = guest.Succeed(SystemCall.Shmat, id, 0, ReadOnly);
        Assert.False(guest.Memory.TryWrite(new(address), 1u));
        Assert.Equal(Errno.EACCES, guest.Fail(SystemCall.Mprotect, address, CallFixture.PageBytes, 3));
        Destroy(guest, id);
    }

    [KvmFact]
    public void Addresses_are_checked_as_Linux_does()
    {
        using CallFixture guest = new();
        ulong id = Create(guest, CallFixture.PageBytes);
        ulong taken = guest.Map(1).Value;
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Shmat, id, taken, 0));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Shmat, id, taken + 1, Remap));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Shmat, id, 0, Remap));
        Assert.Equal(taken, guest.Succeed(SystemCall.Shmat, id, taken + 7, Remap | Round));
        Assert.Equal(1ul, Attachments(guest, id));
        Destroy(guest, id);
        Assert.Equal(Errno.ENOMEM, guest.Fail(SystemCall.Shmget, Private, 4096, 0xbb6));
    }

    [KvmFact]
    public void Failed_attachments_leave_nothing_behind()
    {
        using CallFixture guest = new();
        ulong id = Create(guest, CallFixture.PageBytes);
        for (int i = 0; i < 20; i++)
            Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Shmat, id, guest.Map(1).Value, 0));
        Assert.Equal(0ul, Attachments(guest, id));
        Destroy(guest, id);
    }

    private static ulong Create(CallFixture guest, ulong bytes) => guest.Succeed(SystemCall.Shmget, Private, bytes, 0x380);

    private static void Destroy(CallFixture guest, ulong id) => guest.Succeed(SystemCall.Shmctl, id, Remove, 0);

    private static ulong Attachments(CallFixture guest, ulong id)
    {
        const int attachmentsOffset = 88;
        GuestVirtualAddress status = guest.Map(1);
        guest.Succeed(SystemCall.Shmctl, id, Status, status.Value);
        return guest.Get<ulong>(status + attachmentsOffset);
    }
}
