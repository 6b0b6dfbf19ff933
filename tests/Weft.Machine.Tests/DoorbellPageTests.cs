using System.Diagnostics;
using Weft.Native;
using Weft.Tests;

namespace Weft.Machine.Tests;

/// <summary>The doorbell page's two states under ring-3 stores.</summary>
public sealed class DoorbellPageTests : IDisposable
{
    private const ulong Code = 0x400000, Data = 0x600000, Bell = 0x700000;
    private readonly NativeBuffer _buffer = new(4096);
    private readonly GuestMachine? _machine;
    private readonly GuestPageTables? _tables;
    private readonly Vcpu? _vcpu;
    private readonly DoorbellPage? _doorbell;
    private readonly GuestPhysicalAddress _code;

    public DoorbellPageTests()
    {
        if (!File.Exists("/dev/kvm"))
            return;
        _machine = new GuestMachine(1UL << 40, sharesMemory: true);
        _tables = _machine.CreatePageTables();
        _vcpu = _machine.CreateVcpu(_tables);
        _code = Place(Code, PageAccess.Read | PageAccess.Execute);
        Place(Data, PageAccess.Read | PageAccess.Write);
        _doorbell = _machine.GetDoorbell();
        _tables.Map(new(Bell), _doorbell.Physical, 4096, PageAccess.Read | PageAccess.Write);
    }

    public void Dispose()
    {
        _vcpu?.Dispose();
        _machine?.Dispose();
        _buffer.Dispose();
    }

    [KvmFact]
    public void A_plain_doorbell_keeps_what_was_stored_where_a_device_can_read_it()
    {
        RunStores();
        Assert.Equal(0UL, Wakes());
        Assert.Equal(0x44332211u, Hint(0x14));
        Assert.Equal(0x55u, Hint(0x20));
        Assert.Equal(0x44332211UL, _vcpu!.Registers.Rbx);
    }

    [KvmFact]
    public void A_trapping_doorbell_wakes_for_stores_of_four_and_eight_bytes()
    {
        Assert.True(_doorbell!.SetTrapping(true));
        RunStores();
        // The store of four bytes, that of eight, and the one elsewhere in the page; the load wakes nobody.
        Assert.Equal(3UL, Wakes());
        Assert.Equal(1, _doorbell.ExitCount);
        Assert.Equal(0u, Hint(0x14));
        Assert.Equal(0UL, _vcpu!.Registers.Rbx);
    }

    [KvmFact]
    public void A_doorbell_can_change_its_state_again_and_again()
    {
        for (int i = 0; i < 5; i++)
        {
            Assert.True(_doorbell!.SetTrapping(true));
            RunStores();
            Assert.Equal(3UL, Wakes());
            Assert.True(_doorbell.SetTrapping(false));
            RunStores();
            Assert.Equal(0UL, Wakes());
            Assert.Equal(0x44332211u, Hint(0x14));
        }
    }

    [KvmFact]
    public void Switching_under_a_program_that_rings_loses_no_store()
    {
        // again: inc eax; mov [0x700014], eax; cmp dword [0x600000], 0; je again; syscall
        Start([0xff, 0xc0, 0x89, 0x04, 0x25, 0x14, 0x00, 0x70, 0x00, 0x83, 0x3c, 0x25, 0x00, 0x00, 0x60, 0x00, 0x00, 0x74, 0xed, 0x0f, 0x05]);
        VcpuExit exit = VcpuExit.Unsupported;
        Thread guest = new(() => exit = _vcpu!.Run());
        guest.Start();
        Stopwatch watch = Stopwatch.StartNew();
        for (int i = 0; i < 20; i++)
        {
            Wakes();
            Assert.True(_doorbell!.SetTrapping(true));
            Assert.True(SpinWait.SpinUntil(() => Wakes() > 0, 2000), "no wake while trapping");
            Assert.True(_doorbell.SetTrapping(false));
            uint before = Hint(0x14);
            Assert.True(SpinWait.SpinUntil(() => Hint(0x14) != before, 2000), "no store while plain");
        }
        _tables!.TryTranslate(new(Data), out GuestPhysicalAddress data, out _);
        HostStubs.TryWrite(_machine!.Memory.HostOf(data), [1]);
        guest.Join();
        Assert.Equal(VcpuExit.SystemCall, exit);
        Assert.Equal(_vcpu!.Registers.Rax, Hint(0x14));
        Assert.True(watch.ElapsedMilliseconds < 10_000);
    }

    [KvmFact]
    public void A_page_mapped_where_a_trapping_doorbell_was_is_memory()
    {
        Assert.True(_doorbell!.SetTrapping(true));
        RunStores();
        Assert.Equal(3UL, Wakes());
        Assert.True(_tables!.Unmap(new(Bell), 4096));
        _machine!.Memory.Release(_doorbell.Physical, 4096, HostContent.Doorbell);
        GuestPhysicalAddress memory = Place(Bell, PageAccess.Read | PageAccess.Write);
        RunStores();
        Assert.Equal(0UL, Wakes());
        Assert.True(_doorbell.IsTrapping);
        Span<byte> stored = stackalloc byte[4];
        HostStubs.TryRead(_machine.Memory.HostOf(memory + 0x14), stored);
        Assert.Equal(0x44332211u, BitConverter.ToUInt32(stored));
    }

    // mov dword [0x700014], 0x44332211; mov eax, 0x55; mov [0x700020], rax; mov byte [0x700100], 1; mov ebx, [0x700014]; syscall
    private void RunStores()
    {
        Start([
            0xc7, 0x04, 0x25, 0x14, 0x00, 0x70, 0x00, 0x11, 0x22, 0x33, 0x44,
            0xb8, 0x55, 0, 0, 0,
            0x48, 0x89, 0x04, 0x25, 0x20, 0x00, 0x70, 0x00,
            0xc6, 0x04, 0x25, 0x00, 0x01, 0x70, 0x00, 0x01,
            0x8b, 0x1c, 0x25, 0x14, 0x00, 0x70, 0x00,
            0x0f, 0x05]);
        Assert.Equal(VcpuExit.SystemCall, _vcpu!.Run());
    }

    private ulong Wakes()
    {
        long read = HostStubs.Call(SystemCall.Read, _doorbell!.EventDescriptor, (long)_buffer.Address.Value, 8);
        return read == 8 ? BitConverter.ToUInt64(_buffer.Span) : 0;
    }

    /// <summary>What the device would read: through the arena's file, not the machine's own mapping.</summary>
    private uint Hint(ulong offset)
    {
        GuestPhysicalMemory memory = _machine!.Memory;
        long read = HostStubs.Call(SystemCall.Pread64, memory.ArenaDescriptor, (long)_buffer.Address.Value + 64, 4,
            (long)(GuestPhysicalMemory.ArenaOffsetOf(_doorbell!.Physical) + offset));
        Assert.Equal(4, read);
        return BitConverter.ToUInt32(_buffer.Span[64..]);
    }

    private GuestPhysicalAddress Place(ulong address, PageAccess access)
    {
        GuestPhysicalAddress physical = _machine!.Memory.Reserve(4096, address)!.Value;
        _machine.Memory.EnsureSlots(physical, 4096);
        _tables!.Map(new(address), physical, 4096, access);
        return physical;
    }

    private void Start(ReadOnlySpan<byte> code)
    {
        HostStubs.TryWrite(_machine!.Memory.HostOf(_code), code);
        _vcpu!.StartAt(new(Code), new(Data + 4096));
    }
}
