using System.Text;
using Weft.Linux.Processes;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Processes;

public sealed class ThreadSettingTests
{
    [KvmFact]
    public void Affinity_starts_as_all_processors_of_the_VM()
    {
        using CallFixture guest = new(new KernelOptions { ProcessorCount = 70 });
        ulong mask = guest.Map(1).Value;
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.SchedGetaffinity, 0, 8, mask));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.SchedGetaffinity, 0, 17, mask));
        Assert.Equal(16u, guest.Succeed(SystemCall.SchedGetaffinity, 0, 128, mask));
        Assert.Equal(ulong.MaxValue, guest.Get<ulong>(new(mask)));
        Assert.Equal(0x3ful, guest.Get<ulong>(new(mask), 1));
    }

    [KvmFact]
    public void Affinity_is_cut_to_the_VMs_processors_and_never_empty()
    {
        using CallFixture guest = new(new KernelOptions { ProcessorCount = 3 });
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.SchedSetaffinity, 0, 8, guest.Put(8ul).Value));
        guest.Succeed(SystemCall.SchedSetaffinity, 0, 8, guest.Put(0xfcul).Value);
        ulong mask = guest.Map(1).Value;
        guest.Succeed(SystemCall.SchedGetaffinity, 0, 8, mask);
        Assert.Equal(4ul, guest.Get<ulong>(new(mask)));
        guest.Succeed(SystemCall.Getcpu, mask, 0, 0);
        Assert.Equal(2u, guest.Get<uint>(new(mask)));
        Assert.Equal(Errno.ESRCH, guest.Fail(SystemCall.SchedSetaffinity, int.MaxValue, 8, guest.Put(1ul).Value));
    }

    [KvmFact]
    public void A_name_is_cut_to_fifteen_bytes()
    {
        using CallFixture guest = new();
        const ulong setName = 15, getName = 16;
        ulong name = guest.Put<byte>("a-name-that-is-too-long"u8).Value;
        guest.Succeed(SystemCall.Prctl, setName, name);
        guest.Succeed(SystemCall.Prctl, getName, name);
        Span<byte> held = stackalloc byte[16];
        Assert.True(guest.Memory.TryRead(new(name), held));
        Assert.Equal("a-name-that-is-\0", Encoding.ASCII.GetString(held));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Prctl, setName, CallFixture.Unmapped));
    }

    [KvmFact]
    public void A_name_may_end_at_the_last_byte_of_memory()
    {
        using CallFixture guest = new();
        GuestVirtualAddress page = guest.Map(1);
        GuestVirtualAddress name = page + (CallFixture.PageBytes - 3);
        guest.Memory.TryWrite(name, "ab\0"u8);
        guest.Succeed(SystemCall.Prctl, 15, name.Value);
        Assert.Equal("ab"u8.ToArray(), guest.Thread.Name);
    }

    [KvmFact]
    public void Random_bytes_stop_at_memory_that_is_not_there()
    {
        using CallFixture guest = new();
        GuestVirtualAddress pages = guest.Map(2);
        guest.Memory.Unmap(pages.Value + CallFixture.PageBytes, CallFixture.PageBytes);
        Assert.Equal(CallFixture.PageBytes, guest.Succeed(SystemCall.Getrandom, pages.Value, 3 * CallFixture.PageBytes, 0));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.Getrandom, CallFixture.Unmapped, 8, 0));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Getrandom, pages.Value, 8, 6));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Getrandom, pages.Value, 8, 8));
    }

    [KvmFact]
    public void Identity_changes_that_change_nothing_succeed()
    {
        using CallFixture guest = new();
        ulong user = guest.Succeed(SystemCall.Getuid);
        Assert.Equal(0u, guest.Succeed(SystemCall.Setresuid, user, ulong.MaxValue, user));
        Assert.Equal(Errno.EPERM, guest.Fail(SystemCall.Setresuid, user + 1, user, user));
        Assert.Equal(Errno.EPERM, guest.Fail(SystemCall.Setgid, guest.Succeed(SystemCall.Getgid) + 1));
        Assert.Equal(user, guest.Succeed(SystemCall.Setfsuid, user + 1));
    }

    [KvmFact]
    public void Capabilities_are_told_by_version()
    {
        using CallFixture guest = new();
        const uint newest = 0x20080522;
        ulong header = guest.Put(7u, 0u).Value;
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Capget, header, guest.Map(1).Value));
        Assert.Equal(newest, guest.Get<uint>(new(header)));
        ulong data = guest.Map(1).Value;
        guest.Succeed(SystemCall.Capget, header, data);
        Assert.Equal(0u, guest.Succeed(SystemCall.Capset, header, data));
        guest.Memory.TryWrite(new(data), ~guest.Get<uint>(new(data)));
        Assert.Equal(Errno.EPERM, guest.Fail(SystemCall.Capset, header, data));
    }

    [KvmFact]
    public void Memory_policies_know_one_node()
    {
        using CallFixture guest = new();
        const ulong bind = 2, preferred = 1;
        Assert.Equal(0u, guest.Succeed(SystemCall.SetMempolicy, bind, guest.Put(1ul).Value, 65));
        ulong mode = guest.Map(1).Value, nodes = guest.Put(ulong.MaxValue).Value;
        guest.Succeed(SystemCall.GetMempolicy, mode, nodes, 64, 0, 0);
        Assert.Equal((uint)bind, guest.Get<uint>(new(mode)));
        Assert.Equal(1ul, guest.Get<ulong>(new(nodes)));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.SetMempolicy, bind, guest.Put(2ul).Value, 65));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.SetMempolicy, bind, 0, 0));
        Assert.Equal(0u, guest.Succeed(SystemCall.SetMempolicy, preferred, 0, 0));
        Assert.Equal(Errno.EFAULT, guest.Fail(SystemCall.SetMempolicy, bind, CallFixture.Unmapped, 65));
    }

    [KvmFact]
    public void An_expedited_barrier_needs_registration_by_the_program()
    {
        using CallFixture guest = new();
        const ulong expedited = 8, register = 16;
        Assert.Equal(Errno.EPERM, guest.Fail(SystemCall.Membarrier, expedited, 0));
        guest.Succeed(SystemCall.Membarrier, register, 0);
        Assert.Equal(0u, guest.Succeed(SystemCall.Membarrier, expedited, 0));
        Assert.Equal(Errno.EINVAL, guest.Fail(SystemCall.Membarrier, expedited, 1));
    }

    [Fact]
    public void New_threads_inherit_affinity_and_memory_policy()
    {
        ThreadAttributes parent = new() { Affinity = [5], MemoryPolicy = 2, MemoryPolicyNodes = 1, KeepsCapabilities = true };
        ThreadAttributes child = new();
        child.InheritFrom(parent);
        Assert.Equal([5ul], child.Affinity!);
        Assert.Equal(2, child.MemoryPolicy);
        Assert.False(child.KeepsCapabilities);
    }
}
