using Weft.Native;
using Weft.Tests;

namespace Weft.Machine.Tests;

/// <summary>Ring-3 code on the bare machine, one machine for all: each reserves much address space.</summary>
public sealed class GuestMachineTests : IDisposable
{
    private const ulong Code = 0x400000, Data = 0x600000;
    private readonly GuestMachine _machine;
    private readonly GuestPageTables _tables;
    private readonly Vcpu _vcpu;
    private readonly GuestPhysicalAddress _code, _data;

    public GuestMachineTests()
    {
        if (!File.Exists("/dev/kvm"))
        {
            _machine = null!;
            _tables = null!;
            _vcpu = null!;
            return;
        }
        _machine = new GuestMachine(1UL << 40);
        _tables = _machine.CreatePageTables();
        _vcpu = _machine.CreateVcpu(_tables);
        _code = Place(Code, PageAccess.Read | PageAccess.Execute);
        _data = Place(Data, PageAccess.Read | PageAccess.Write);
    }

    public void Dispose()
    {
        _vcpu?.Dispose();
        _machine?.Dispose();
    }

    [KvmFact]
    public void A_system_call_leaves_with_the_programs_registers()
    {
        // mov eax, 39; mov edi, 5; syscall
        Start([0xb8, 39, 0, 0, 0, 0xbf, 5, 0, 0, 0, 0x0f, 0x05]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        Assert.Equal(39UL, _vcpu.Registers.Rax);
        Assert.Equal(5UL, _vcpu.Registers.Rdi);
        Assert.Equal(Code + 12, _vcpu.Registers.Rip);
        Assert.Equal(Data + 4096, _vcpu.Registers.Rsp);
    }

    [KvmFact]
    public void A_call_that_the_stub_knows_does_not_leave()
    {
        byte[] ways = new byte[SystemCallSlot.WayCount];
        ways[39] = 2;
        _vcpu.Slot.SetWays(ways, [4711]);
        // mov eax, 39; std; syscall; mov eax keeps; mov ebx, eax; mov eax, 60; syscall
        Start([0xb8, 39, 0, 0, 0, 0xfd, 0x0f, 0x05, 0x89, 0xc3, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        const ulong directionFlag = 0x400;
        Assert.Equal(60UL, _vcpu.Registers.Rax);
        Assert.Equal(4711UL, _vcpu.Registers.Rbx);
        Assert.Equal(directionFlag, _vcpu.Registers.Rflags & directionFlag);
        Assert.Equal(Data + 4096, _vcpu.Registers.Rsp);
    }

    [KvmFact]
    public void A_posted_call_is_answered_without_an_exit()
    {
        byte[] ways = new byte[SystemCallSlot.WayCount];
        ways[1] = 1;
        _vcpu.Slot.SetWays(ways, []);
        _vcpu.Slot.SetPatience(untilTaken: uint.MaxValue, untilAnswered: uint.MaxValue);
        _vcpu.Slot.IsAttended = true;
        ulong seen = 0;
        Thread attendant = new(() =>
        {
            Span<ulong> words = stackalloc ulong[6];
            ulong number;
            while (!_vcpu.Slot.TryTake(out number, words))
                Thread.SpinWait(1);
            seen = number + words[0];
            _vcpu.Slot.Answer(99);
        });
        attendant.Start();
        // mov eax, 1; mov edi, 7; syscall; mov ebx, eax; mov eax, 60; syscall
        Start([0xb8, 1, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05, 0x89, 0xc3, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        attendant.Join();
        Assert.Equal(8UL, seen);
        Assert.Equal(99UL, _vcpu.Registers.Rbx);
        Assert.Equal(60UL, _vcpu.Registers.Rax);
    }

    [KvmFact]
    public void A_stub_that_nobody_answers_leaves_by_an_exit_with_its_call()
    {
        byte[] ways = new byte[SystemCallSlot.WayCount];
        ways[1] = 1;
        _vcpu.Slot.SetWays(ways, []);
        _vcpu.Slot.SetPatience(untilTaken: 10, untilAnswered: uint.MaxValue);
        _vcpu.Slot.IsAttended = true;
        Start([0xb8, 1, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        Assert.Equal(1UL, _vcpu.Registers.Rax);
        Assert.Equal(Code + 12, _vcpu.Registers.Rip);
        Assert.False(_vcpu.Slot.Reclaim(out _));
    }

    [KvmFact]
    public void A_stub_leaves_while_its_call_is_worked_on_for_too_long_and_the_answer_is_taken_from_its_slot()
    {
        byte[] ways = new byte[SystemCallSlot.WayCount];
        ways[1] = 1;
        _vcpu.Slot.SetWays(ways, []);
        _vcpu.Slot.SetPatience(untilTaken: uint.MaxValue, untilAnswered: 10);
        _vcpu.Slot.IsAttended = true;
        using ManualResetEventSlim hasLeft = new();
        Thread attendant = new(() =>
        {
            Span<ulong> words = stackalloc ulong[6];
            while (!_vcpu.Slot.TryTake(out _, words))
                Thread.SpinWait(1);
            hasLeft.Wait();
            _vcpu.Slot.Answer(99);
        });
        attendant.Start();
        Start([0xb8, 1, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        Assert.Equal(1UL, _vcpu.Registers.Rax);
        hasLeft.Set();
        Assert.True(_vcpu.Slot.Reclaim(out ulong result));
        Assert.Equal(99UL, result);
        attendant.Join();
    }

    [KvmFact]
    public void A_store_to_nothing_is_a_page_fault_with_its_address()
    {
        // mov [0x700008], eax
        Start([0x89, 0x04, 0x25, 0x08, 0x00, 0x70, 0x00]);
        Assert.Equal(VcpuExit.Exception, _vcpu.Run());
        const ulong userWrite = 6;
        Assert.Equal(14, _vcpu.Vector);
        Assert.Equal(userWrite, _vcpu.ErrorCode);
        Assert.Equal(new GuestVirtualAddress(0x700008), _vcpu.FaultAddress);
        Assert.Equal(Code, _vcpu.Registers.Rip);
    }

    [KvmFact]
    public void Our_port_from_the_program_itself_is_a_protection_fault()
    {
        Start([0xe6, 0x20]);
        Assert.Equal(VcpuExit.Exception, _vcpu.Run());
        Assert.Equal(13, _vcpu.Vector);
    }

    [KvmFact]
    public void A_changed_entry_is_seen_after_invalidation()
    {
        HostStubs.TryWrite(_machine.Memory.HostOf(_data), BitConverter.GetBytes(1));
        // again: mov ebx, [0x600000]; mov eax, 1; syscall; jmp again
        Start([0x8b, 0x1c, 0x25, 0, 0, 0x60, 0, 0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf0]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        Assert.Equal(1UL, _vcpu.Registers.Rbx);
        GuestPhysicalAddress other = _machine.Memory.Reserve(4096, Data)!.Value;
        HostStubs.TryWrite(_machine.Memory.HostOf(other), BitConverter.GetBytes(2));
        Assert.True(_tables.Unmap(new(Data), 4096));
        _machine.Memory.InvalidateTranslations(_data, 4096, HostContent.Anonymous);
        _machine.Memory.EnsureSlots(other, 4096);
        _tables.Map(new(Data), other, 4096, PageAccess.Read | PageAccess.Write);
        Assert.Equal(VcpuExit.SystemCall, _vcpu.Run());
        Assert.Equal(2UL, _vcpu.Registers.Rbx);
    }

    [KvmFact]
    public void A_large_page_that_is_freed_is_not_seen_at_its_old_address()
    {
        const ulong first = 0x4000_0000, second = 0x8000_0000, large = 2 << 20;
        GuestPhysicalAddress physical = _machine.Memory.Reserve(large, first)!.Value;
        _machine.Memory.EnsureSlots(physical, large);
        _tables.Map(new(first), physical, large, PageAccess.Read | PageAccess.Write, large: true);
        Assert.True(_machine.Memory.TryBindLargePage(physical, new(first)));
        Assert.False(_machine.Memory.TryBindLargePage(physical, new(second)));
        _tables.Unmap(new(first), large);
        _machine.Memory.Release(physical, large, HostContent.Anonymous);
        Assert.NotEqual(physical, _machine.Memory.Reserve(large, second)!.Value);
    }

    [KvmFact]
    public void Translation_follows_map_protect_and_unmap()
    {
        const ulong at = 0x1_0000_0000, size = 8 << 20;
        GuestPhysicalAddress physical = _machine.Memory.Reserve(size, at)!.Value;
        _tables.Map(new(at), physical, size, PageAccess.Read | PageAccess.Write, large: true);
        Assert.True(_tables.TryTranslate(new(at + 5_000_000), out GuestPhysicalAddress found, out PageAccess access));
        Assert.Equal(physical + 5_000_000, found);
        Assert.Equal(PageAccess.Read | PageAccess.Write, access);
        _tables.Protect(new(at + 4096), 4096, PageAccess.Read);
        Assert.True(_tables.TryTranslate(new(at + 4096), out found, out access));
        Assert.Equal(PageAccess.Read, access);
        Assert.Equal(physical + 4096, found);
        Assert.True(_tables.TryTranslate(new(at + 8192), out _, out access));
        Assert.Equal(PageAccess.Read | PageAccess.Write, access);
        _tables.Unmap(new(at), 4096);
        Assert.False(_tables.TryTranslate(new(at), out _, out _));
        Assert.True(_tables.TryTranslate(new(at + 4096), out _, out _));
        Assert.False(_tables.TryTranslate(new(1UL << 47), out _, out _));
    }

    private GuestPhysicalAddress Place(ulong address, PageAccess access)
    {
        GuestPhysicalAddress physical = _machine.Memory.Reserve(4096, address)!.Value;
        _machine.Memory.EnsureSlots(physical, 4096);
        _tables.Map(new(address), physical, 4096, access);
        return physical;
    }

    private void Start(ReadOnlySpan<byte> code)
    {
        HostStubs.TryWrite(_machine.Memory.HostOf(_code), code);
        _vcpu.StartAt(new(Code), new(Data + 4096));
    }
}
