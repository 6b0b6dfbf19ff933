using System.Text;
using Weft.Linux.Checkpoint;
using Weft.Linux.Tests.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Checkpoint;

/// <summary>Memory that crosses from one address space to another, as fork(2) leaves it. The second VM is of the same process here.</summary>
public sealed class MemoryStateTests : IDisposable
{
    private const ulong Page = GuestFixture.PageBytes;
    private const ulong ReadOnly = 1, ReadWrite = 3, PrivateAnonymous = 0x22, SharedAnonymous = 0x21, Private = 2, Shared = 1, None = ulong.MaxValue;
    private const ulong DontFork = 10, WipeOnFork = 18, MayMove = 1;
    private readonly string _file = Path.GetTempFileName();
    private readonly List<GuestFixture> _guests = [];

    public void Dispose()
    {
        File.Delete(_file);
        foreach (GuestFixture guest in _guests)
            guest.Process.Kernel.Machine.Dispose();
    }

    [KvmTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Private_memory_is_copied_and_then_separate(bool shares)
    {
        GuestFixture parent = Guest(shares);
        ulong at = Map(parent, 600, PrivateAnonymous);
        Store(parent, at + 3 * Page, 3);
        Store(parent, at + 500 * Page, 5);
        GuestFixture child = Fork(parent, shares, out ulong copied);
        Assert.InRange(copied, 2 * Page, 300 * Page);
        Store(parent, at + 3 * Page, 30);
        Store(child, at + 500 * Page, 50);
        Assert.Equal((3, 50, 0), (Load(child, at + 3 * Page), Load(child, at + 500 * Page), Load(child, at + 599 * Page)));
        Assert.Equal((30, 5), (Load(parent, at + 3 * Page), Load(parent, at + 500 * Page)));
    }

    [KvmTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_private_file_mapping_keeps_its_file_and_the_pages_that_were_written(bool shares)
    {
        File.WriteAllBytes(_file, [.. Enumerable.Range(0, 3 * (int)Page).Select(static index => (byte)(1 + index / (int)Page))]);
        GuestFixture parent = Guest(shares);
        ulong at = MapFile(parent, 3, Private);
        Store(parent, at + Page, 9);
        GuestFixture child = Fork(parent, shares, out ulong copied);
        // The path that was opened is in memory too.
        Assert.InRange(copied, Page, 3 * Page);
        Assert.Equal((1, 9, 3), (Load(child, at), Load(child, at + Page), Load(child, at + 2 * Page)));
        Assert.Contains(child.Process.Memory.SnapshotAreas(), area => area.Start == at && area.File?.Path == _file);
    }

    [KvmTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_private_mapping_of_a_deleted_file_crosses_whole(bool shares)
    {
        File.WriteAllBytes(_file, [.. Enumerable.Repeat((byte)4, (int)Page + 10)]);
        GuestFixture parent = Guest(shares);
        ulong at = MapFile(parent, 3, Private);
        File.Delete(_file);
        GuestFixture child = Fork(parent, shares, out _);
        Assert.Equal((4, 4, 0), (Load(child, at), Load(child, at + Page + 9), Load(child, at + Page + 10)));
    }

    [KvmTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Shared_memory_stays_shared(bool shares)
    {
        File.WriteAllBytes(_file, new byte[3 * Page]);
        GuestFixture parent = Guest(shares);
        ulong anonymous = Map(parent, 2, SharedAnonymous), file = MapFile(parent, 3, Shared);
        GuestFixture child = Fork(parent, shares, out _);
        Store(parent, anonymous + Page, 6);
        Store(child, file + 2 * Page, 8);
        Assert.Equal((6, 8), (Load(child, anonymous + Page), Load(parent, file + 2 * Page)));
        Assert.Equal(8, File.ReadAllBytes(_file)[2 * Page]);
    }

    [KvmFact]
    public void Advice_on_forks_is_followed()
    {
        GuestFixture parent = Guest(false);
        ulong at = Map(parent, 6, PrivateAnonymous);
        for (ulong page = 0; page < 6; page++)
            Store(parent, at + page * Page, 7);
        Assert.Equal(0, parent.Call(SystemCall.Madvise, at + Page, Page, DontFork).Value);
        Assert.Equal(0, parent.Call(SystemCall.Madvise, at + 3 * Page, Page, WipeOnFork).Value);
        GuestFixture child = Fork(parent, false, out _);
        Assert.Equal((7, 7, 0, 7), (Load(child, at), Load(child, at + 2 * Page), Load(child, at + 3 * Page), Load(child, at + 5 * Page)));
        Assert.False(child.Process.Memory.TryRead(new GuestVirtualAddress(at + Page), out byte _));
        GuestFixture grandchild = Fork(child, false, out _);
        Assert.Equal((7, 0), (Load(grandchild, at), Load(grandchild, at + 3 * Page)));
    }

    [KvmFact]
    public void Protection_heap_and_names_cross()
    {
        GuestFixture parent = Guest(false);
        parent.Process.Memory.InitializeBreak(0x40_0000);
        parent.Process.Memory.SetBreak(0x40_0000 + 3 * Page + 5);
        ulong at = Map(parent, 2, PrivateAnonymous);
        Store(parent, at, 1);
        Assert.Equal(0, parent.Call(SystemCall.Mprotect, at, Page, ReadOnly).Value);
        GuestFixture child = Fork(parent, false, out _);
        Assert.False(child.Process.Memory.TryWrite(new GuestVirtualAddress(at), (byte)2));
        Assert.Equal(1, Load(child, at));
        Assert.Equal(0x40_0000 + 3 * Page + 5, child.Process.Memory.SetBreak(0));
        Assert.Equal(parent.Process.Memory.MappedBytes, child.Process.Memory.MappedBytes);
        Assert.Contains(child.Process.Memory.SnapshotAreas(), static area => area.Name == "[heap]");
    }

    [KvmFact]
    public void Only_what_was_changed_since_is_found()
    {
        File.WriteAllBytes(_file, new byte[2 * Page]);
        GuestFixture parent = Guest(false);
        ulong at = Map(parent, 40, PrivateAnonymous), file = MapFile(parent, 2, Private);
        Store(parent, at, 1);
        using MemoryState state = Capture(parent);
        GuestFixture child = Guest(false);
        PageIndex pages = new(state.Runs);
        Assert.Equal(Errno.None, child.Process.Memory.Restore(state, pages, new FilePages(state.DataDescriptor, pages, keepData: true), keepData: true));
        Store(child, at + 8, 2);
        Store(child, at + 39 * Page + 16, 3);
        Store(child, file + Page + 1, 4);
        child.Process.Memory.FindChanges(state.DataDescriptor, pages, (address, bytes) => Assert.True(parent.Process.Memory.TryWrite(new GuestVirtualAddress(address), bytes)));
        Assert.Equal((1, 2, 3, 4, 0), (Load(parent, at), Load(parent, at + 8), Load(parent, at + 39 * Page + 16), Load(parent, file + Page + 1), Load(parent, at + 4 * Page)));
    }

    [KvmTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Large_memory_comes_when_it_is_looked_at(bool shares)
    {
        const ulong pages = 3000, dontNeed = 4;
        GuestFixture parent = Guest(shares);
        ulong at = MapLarge(parent, pages);
        GuestFixture child = Fork(parent, shares, out ulong copied);
        Assert.InRange(copied, pages * Page, (pages + 100) * Page);
        Store(parent, at + 7 * Page, 99);
        Assert.Equal(0, child.Call(SystemCall.Munmap, at + 100 * Page, 50 * Page).Value);
        Assert.Equal(0, child.Call(SystemCall.Madvise, at + 200 * Page, Page, dontNeed).Value);
        ulong moved = (ulong)child.Call(SystemCall.Mremap, at + 300 * Page, 10 * Page, 20 * Page, MayMove).Value;
        Assert.Equal((7, 99, 1, 0, 1), (Load(child, at + 7 * Page), Load(child, at + 99 * Page), Load(child, at + 201 * Page), Load(child, at + 200 * Page), Load(child, moved + Page)));
        GuestFixture grandchild = Fork(child, shares, out _);
        Assert.Equal((7, 99), (Load(grandchild, at + 7 * Page), Load(grandchild, at + 2999 * Page)));
    }

    [KvmTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_waiting_parent_serves_large_memory_and_gets_what_was_changed(bool shares)
    {
        const ulong pages = 3000;
        GuestFixture parent = Guest(shares), child = Guest(shares);
        ulong at = MapLarge(parent, pages), small = Map(parent, 4, PrivateAnonymous);
        Store(parent, small, 5);
        MemoryState state = Capture(parent, leavesLarge: true);
        Assert.InRange(state.DataBytes, Page, 100 * Page);
        (int own, int other) = SocketPair();
        Thread server = new(() => new ParentLink(own).Serve(parent.Process.Memory));
        server.Start();
        PageIndex index = new(state.Runs);
        Assert.Equal(Errno.None, child.Process.Memory.Restore(state, index, new ParentPages(new ParentLink(other), state.DataDescriptor, index), keepData: true));
        Assert.Equal((42, 99, 5), (Load(child, at + 42 * Page), Load(child, at + 2999 * Page), Load(child, small)));
        Store(child, at + 1000 * Page + 17, 77);
        Store(child, small + 3 * Page, 6);
        new WaitingParent(child.Process.Memory, state.DataDescriptor, index, other).Release();
        server.Join();
        HostStubs.Call(SystemCall.Close, own);
        Assert.Equal((77, 6, 42), (Load(parent, at + 1000 * Page + 17), Load(parent, small + 3 * Page), Load(parent, at + 42 * Page)));
    }

    private static (int Own, int Other) SocketPair()
    {
        const int unix = 1, stream = 1;
        using NativeBuffer pair = new(8);
        Assert.Equal(0, HostStubs.Call(SystemCall.Socketpair, unix, stream, 0, (long)pair.Address.Value));
        return (BitConverter.ToInt32(pair.Span), BitConverter.ToInt32(pair.Span[4..]));
    }

    /// <summary>Pages whose first byte is their number, modulo 100.</summary>
    private static ulong MapLarge(GuestFixture guest, ulong pages)
    {
        ulong at = Map(guest, pages, PrivateAnonymous);
        for (ulong page = 0; page < pages; page++)
            Store(guest, at + page * Page, (byte)(page % 100));
        return at;
    }

    private GuestFixture Guest(bool shares)
    {
        GuestFixture guest = new(new KernelOptions { SharesMemory = shares });
        _guests.Add(guest);
        return guest;
    }

    private GuestFixture Fork(GuestFixture parent, bool shares, out ulong copiedBytes)
    {
        MemoryState state = Capture(parent);
        copiedBytes = state.DataBytes;
        GuestFixture child = Guest(shares);
        Assert.Equal(Errno.None, child.Process.Memory.Restore(state));
        return child;
    }

    /// <summary>Captures, with descriptors of its own: the second VM of one process closes what it takes over.</summary>
    private static MemoryState Capture(GuestFixture parent, bool leavesLarge = false)
    {
        Assert.Equal(Errno.None, parent.Process.Memory.Capture(out MemoryState? state, leavesLarge));
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        state!.Write(writer);
        stream.Position = 0;
        using BinaryReader reader = new(stream);
        MemoryState read = MemoryState.Read(reader);
        Assert.Equal(stream.Length, stream.Position);
        return new MemoryState
        {
            Areas = [.. read.Areas.Select(static area => area.Descriptor < 0 || area.IsShared is false ? area : area with { Descriptor = Duplicate(area.Descriptor) })],
            Runs = read.Runs,
            Left = read.Left,
            BreakStart = read.BreakStart,
            Break = read.Break,
            DataDescriptor = read.DataDescriptor,
        };
    }

    private static int Duplicate(int descriptor) => (int)HostStubs.Call(SystemCall.Dup, descriptor);

    private static ulong Map(GuestFixture guest, ulong pages, ulong flags) =>
        (ulong)guest.Call(SystemCall.Mmap, 0, pages * Page, ReadWrite, flags, None, 0).Value;

    private ulong MapFile(GuestFixture guest, ulong pages, ulong flags)
    {
        const int readWrite = 2;
        long descriptor = guest.Open(_file, readWrite).Value;
        SyscallResult result = guest.Call(SystemCall.Mmap, 0, pages * Page, ReadWrite, flags, (ulong)descriptor, 0);
        Assert.False(result.IsError, result.Error.ToString());
        guest.Call(SystemCall.Close, (ulong)descriptor);
        return (ulong)result.Value;
    }

    private static void Store(GuestFixture guest, ulong address, byte value) =>
        Assert.True(guest.Process.Memory.TryWrite(new GuestVirtualAddress(address), value));

    private static byte Load(GuestFixture guest, ulong address)
    {
        Assert.True(guest.Process.Memory.TryRead(new GuestVirtualAddress(address), out byte value));
        return value;
    }
}
