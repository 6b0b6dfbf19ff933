using System.Diagnostics;
using Weft.Linux.Memory;
using Weft.Linux.Tests.Files;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Tests.Memory;

/// <summary>Pinned memory as an adapter sees it, through descriptors, while the program changes its mappings.</summary>
public sealed class MemoryPinTests : IDisposable
{
    private const ulong Page = GuestFixture.PageBytes;
    private const ulong ReadWrite = 3, PrivateAnonymous = 0x22, SharedAnonymous = 0x21, Private = 2, FixedPrivateAnonymous = 0x32, None = ulong.MaxValue;
    private const ulong DontNeed = 4, DontFork = 10, DoFork = 11, MayMove = 1;
    private readonly GuestFixture _guest;
    private readonly NativeBuffer _buffer = new(2 * (int)Page);
    private readonly string _file = Path.GetTempFileName();

    public MemoryPinTests() => _guest = File.Exists("/dev/kvm") ? new GuestFixture(new KernelOptions { SharesMemory = true }) : null!;

    private AddressSpace Memory => _guest.Process.Memory;

    private GuestPhysicalMemory Physical => _guest.Process.Kernel.Machine.Memory;

    public void Dispose()
    {
        _buffer.Dispose();
        File.Delete(_file);
        _guest?.Process.Kernel.Machine.Dispose();
    }

    [KvmFact]
    public void Others_see_the_programs_stores_and_it_sees_theirs()
    {
        ulong at = Map(4);
        Store(at + Page, 7);
        using MemoryPin pin = Pin(at + Page + 8, 2 * Page);
        SharedExtent extent = Assert.Single(pin.Extents.ToArray());
        Assert.Equal((-1, 3 * Page, true), (extent.Descriptor, extent.LengthBytes, extent.IsWritable));
        Assert.Equal(7, Peek(extent, 0));
        Poke(extent, Page, 9);
        Assert.Equal(9, Load(at + 2 * Page));
    }

    [KvmFact]
    public void Unmapped_pages_stay_until_the_pin_ends_and_the_address_gets_others()
    {
        ulong at = Map(8);
        Store(at + 3 * Page, 7);
        MemoryPin pin = Pin(at + 2 * Page, 4 * Page);
        SharedExtent extent = pin.Extents[0];
        Done(_guest.Call(SystemCall.Munmap, at, 8 * Page));
        for (int i = 0; i < 4; i++)
        {
            Assert.Equal(at, (ulong)_guest.Call(SystemCall.Mmap, at, 8 * Page, ReadWrite, FixedPrivateAnonymous, None, 0).Value);
            Assert.Equal(0, Load(at + 3 * Page));
            Store(at + 3 * Page, 1);
            Done(_guest.Call(SystemCall.Munmap, at, 8 * Page));
        }
        Assert.Equal(7, Peek(extent, Page));
        pin.Dispose();
        pin.Dispose();
        Assert.Equal(0, Peek(extent, Page));
    }

    [KvmFact]
    public void Dropped_pages_read_as_zeroes_while_the_pinned_ones_keep_their_contents()
    {
        ulong at = Map(8);
        for (ulong page = 0; page < 8; page++)
            Store(at + page * Page, (byte)(page + 1));
        using MemoryPin pin = Pin(at + 2 * Page, 2 * Page);
        Done(_guest.Call(SystemCall.Madvise, at + Page, 5 * Page, DontNeed));
        Assert.Equal([1, 0, 0, 0, 0, 0, 7, 8], Enumerable.Range(0, 8).Select(page => (int)Load(at + (ulong)page * Page)));
        Assert.Equal(3, Peek(pin.Extents[0], 0));
        Store(at + 2 * Page, 99);
        Assert.Equal(3, Peek(pin.Extents[0], 0));
        Done(_guest.Call(SystemCall.Mprotect, at, 8 * Page, 1));
        Assert.Equal(99, Load(at + 2 * Page));
    }

    [KvmFact]
    public void Pages_go_with_the_last_of_several_pins()
    {
        ulong at = Map(4);
        Store(at + Page, 5);
        MemoryPin first = Pin(at, 3 * Page), second = Pin(at + Page, 3 * Page);
        SharedExtent extent = second.Extents[0];
        Done(_guest.Call(SystemCall.Munmap, at, 4 * Page));
        first.Dispose();
        Assert.Equal(5, Peek(extent, 0));
        second.Dispose();
        Assert.Equal(0, Peek(extent, 0));
    }

    [KvmFact]
    public void A_moved_and_grown_mapping_takes_its_pinned_pages_along()
    {
        ulong at = Map(2);
        ulong behind = (ulong)_guest.Call(SystemCall.Mmap, at + 2 * Page, Page, ReadWrite, FixedPrivateAnonymous, None, 0).Value;
        Assert.Equal(at + 2 * Page, behind);
        Done(_guest.Call(SystemCall.Mprotect, behind, Page, 1));
        Store(at + Page, 6);
        using MemoryPin pin = Pin(at, 2 * Page);
        ulong moved = (ulong)_guest.Call(SystemCall.Mremap, at, 2 * Page, 1024 * Page, MayMove).Value;
        Assert.NotEqual(at, moved);
        Poke(pin.Extents[0], Page, 8);
        Assert.Equal(8, Load(moved + Page));
        Store(moved, 4);
        Assert.Equal(4, Peek(pin.Extents[0], 0));
    }

    [KvmFact]
    public void Private_file_pages_become_shareable_in_place_and_the_file_keeps_its_own()
    {
        File.WriteAllBytes(_file, [.. Enumerable.Repeat((byte)1, 3 * (int)Page)]);
        long descriptor = _guest.Open(_file, 2).Value;
        ulong at = (ulong)_guest.Call(SystemCall.Mmap, 0, 3 * Page, ReadWrite, Private, (ulong)descriptor, 0).Value;
        Store(at + Page + 5, 2);
        using MemoryPin pin = Pin(at + Page, Page);
        SharedExtent extent = pin.Extents[0];
        Assert.Equal((1, 2), (Peek(extent, 4), Peek(extent, 5)));
        Poke(extent, 9, 3);
        Store(at + Page + 10, 4);
        Assert.Equal((3, 4), (Load(at + Page + 9), Peek(extent, 10)));
        Assert.All(File.ReadAllBytes(_file), value => Assert.Equal(1, value));
        Done(_guest.Call(SystemCall.Mprotect, at, 3 * Page, 1));
        Assert.Equal(Errno.EFAULT, Memory.Pin(new(at), Page, true, out _));
        Assert.Equal((1, 3, 1), (Load(at), Load(at + Page + 9), Load(at + 2 * Page)));
        Assert.Single(Memory.SnapshotAreas(), area => area.File?.Path == _file);
        using MemoryPin reading = Pin(at, 3 * Page, needsWrite: false);
        Assert.Equal(1, Peek(reading.Extents[0], 2 * Page));
    }

    [KvmFact]
    public void A_private_map_beyond_its_files_end_cannot_be_pinned_and_stays_as_it_was()
    {
        File.WriteAllBytes(_file, [1]);
        long descriptor = _guest.Open(_file, 2).Value;
        ulong at = (ulong)_guest.Call(SystemCall.Mmap, 0, 3 * Page, ReadWrite, Private, (ulong)descriptor, 0).Value;
        Assert.Equal(Errno.EFAULT, Memory.Pin(new(at), 3 * Page, true, out _));
        Assert.Equal(1, Load(at));
        Store(at, 2);
        Assert.Equal(2, Load(at));
        Assert.False(Memory.TryRead(new(at + Page), out byte _));
    }

    [KvmFact]
    public void A_shared_file_is_given_by_a_descriptor_that_outlives_the_programs()
    {
        File.WriteAllBytes(_file, new byte[4 * (int)Page]);
        long descriptor = _guest.Open(_file, 2).Value;
        ulong at = (ulong)_guest.Call(SystemCall.Mmap, 0, 3 * Page, ReadWrite, 1, (ulong)descriptor, Page).Value;
        Done(_guest.Call(SystemCall.Close, (ulong)descriptor));
        MemoryPin pin = Pin(at + Page, Page), same = Pin(at, 3 * Page);
        SharedExtent extent = pin.Extents[0];
        Assert.Equal((2 * Page, Page, true), (extent.Offset, extent.LengthBytes, extent.IsWritable));
        Assert.Equal(extent.Descriptor, same.Extents[0].Descriptor);
        Done(_guest.Call(SystemCall.Munmap, at, 3 * Page));
        same.Dispose();
        Poke(extent, 0, 9);
        Assert.Equal(9, File.ReadAllBytes(_file)[2 * (int)Page]);
        pin.Dispose();
        Assert.Equal(-(long)Errno.EBADF, HostStubs.Call(SystemCall.Fcntl, extent.Descriptor, 1));
    }

    [KvmFact]
    public void Many_mappings_of_a_file_share_one_descriptor_also_when_they_replace_each_other()
    {
        File.WriteAllBytes(_file, new byte[4 * (int)Page]);
        long descriptor = _guest.Open(_file, 2).Value;
        ulong at = (ulong)_guest.Call(SystemCall.Mmap, 0, 2 * Page, ReadWrite, 1, (ulong)descriptor, 0).Value;
        using MemoryPin first = Pin(at, Page);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(at, (ulong)_guest.Call(SystemCall.Mmap, at, 2 * Page, ReadWrite, 0x11, (ulong)descriptor, 2 * Page).Value);
            using MemoryPin again = Pin(at, Page);
            Assert.Equal(first.Extents[0].Descriptor, again.Extents[0].Descriptor);
            Poke(again.Extents[0], 0, (byte)(i + 1));
            Assert.Equal(i + 1, File.ReadAllBytes(_file)[2 * (int)Page]);
        }
        Done(_guest.Call(SystemCall.Munmap, at, 2 * Page));
        int kept = first.Extents[0].Descriptor;
        Assert.True(HostStubs.Call(SystemCall.Fcntl, kept, 1) >= 0);
        first.Dispose();
        Assert.Equal(-(long)Errno.EBADF, HostStubs.Call(SystemCall.Fcntl, kept, 1));
    }

    [KvmFact]
    public void A_range_over_several_kinds_of_memory_has_an_extent_for_each()
    {
        ulong at = Map(6);
        Assert.Equal(at + 2 * Page, (ulong)_guest.Call(SystemCall.Mmap, at + 2 * Page, 2 * Page, ReadWrite, SharedAnonymous | 0x10, None, 0).Value);
        using MemoryPin pin = Pin(at, 6 * Page);
        Assert.Equal([true, false, true], pin.Extents.ToArray().Select(extent => extent.Descriptor < 0));
        Poke(pin.Extents[1], Page, 3);
        Assert.Equal(3, Load(at + 3 * Page));
    }

    [KvmFact]
    public void What_the_program_cannot_do_itself_is_refused()
    {
        ulong at = Map(4);
        Assert.Equal(Errno.EINVAL, Memory.Pin(new(at), 0, false, out _));
        Assert.Equal(Errno.EINVAL, Memory.Pin(new(at), ulong.MaxValue, false, out _));
        Assert.Equal(Errno.EFAULT, Memory.Pin(new(AddressSpace.End - Page), 2 * Page, false, out _));
        Done(_guest.Call(SystemCall.Mprotect, at + Page, Page, 1));
        Assert.Equal(Errno.EFAULT, Memory.Pin(new(at), 2 * Page, true, out _));
        Pin(at, 2 * Page, needsWrite: false).Dispose();
        Done(_guest.Call(SystemCall.Mprotect, at + Page, Page, 0));
        Assert.Equal(Errno.EFAULT, Memory.Pin(new(at), 2 * Page, false, out _));
        Done(_guest.Call(SystemCall.Munmap, at + 2 * Page, Page));
        Assert.Equal(Errno.EFAULT, Memory.Pin(new(at + 2 * Page), 1, false, out MemoryPin? none));
        Assert.Null(none);
    }

    [KvmFact]
    public void Private_memory_cannot_be_pinned()
    {
        GuestFixture guest = new(new KernelOptions());
        Assert.Equal(Errno.EOPNOTSUPP, guest.Process.Memory.Pin(guest.Map(1), Page, false, out _));
    }

    [KvmFact]
    public void Advice_about_fork_is_taken_on_parts_of_a_pinned_area_and_its_extent_stays_one()
    {
        ulong at = Map(8);
        using MemoryPin pin = Pin(at, 8 * Page);
        Done(_guest.Call(SystemCall.Madvise, at + 2 * Page, 3 * Page, DontFork));
        using MemoryPin again = Pin(at, 8 * Page);
        Assert.Equal(1, again.Extents.Length);
        Done(_guest.Call(SystemCall.Madvise, at + 2 * Page, 3 * Page, DoFork));
    }

    [KvmFact]
    public void A_long_range_costs_no_more_than_a_short_one_and_thousands_of_pins_are_quick()
    {
        const ulong length = 200UL << 30, stride = 64 << 10;
        ulong at = (ulong)_guest.Call(SystemCall.Mmap, 0, length, ReadWrite, PrivateAnonymous, None, 0).Value;
        Stopwatch watch = Stopwatch.StartNew();
        using (MemoryPin all = Pin(at, length))
        {
            List<MemoryPin> pins = [];
            for (ulong i = 0; i < 4000; i++)
                pins.Add(Pin(at + i * stride, stride / 2));
            Done(_guest.Call(SystemCall.Munmap, at, length));
            foreach (MemoryPin pin in pins)
                pin.Dispose();
        }
        Assert.True(watch.ElapsedMilliseconds < 2000, $"{watch.ElapsedMilliseconds} ms");
        Assert.True(Physical.Reserve(length, at) is not null);
    }

    [KvmFact]
    public void A_pin_beyond_the_memory_limit_is_refused()
    {
        Memory.SetLimit(32 << 20);
        ulong at = Map(16 << 8);
        using MemoryPin pin = Pin(at, 16 << 20);
        Assert.Equal(16UL << 20, Physical.AllocatedBytes(GuestPhysicalMemory.AddressInArena(pin.Extents[0].Offset), 16 << 20));
        ulong more = Map(24 << 8);
        Assert.Equal(Errno.ENOMEM, Memory.Pin(new(more), 24 << 20, true, out _));
    }

    private ulong Map(int pages) => _guest.Map(pages).Value;

    private MemoryPin Pin(ulong start, ulong lengthBytes, bool needsWrite = true)
    {
        Assert.Equal(Errno.None, Memory.Pin(new(start), lengthBytes, needsWrite, out MemoryPin? pin));
        return pin!;
    }

    private void Store(ulong address, byte value) => Assert.True(Memory.TryWrite(new(address), value));

    private int Load(ulong address)
    {
        Assert.True(Memory.TryRead(new(address), out byte value));
        return value;
    }

    private int Peek(SharedExtent extent, ulong offset)
    {
        Assert.Equal(1, HostStubs.Call(SystemCall.Pread64, DescriptorOf(extent), (long)_buffer.Address.Value, 1, (long)(extent.Offset + offset)));
        return _buffer.Span[0];
    }

    private void Poke(SharedExtent extent, ulong offset, byte value)
    {
        _buffer.Span[0] = value;
        Assert.Equal(1, HostStubs.Call(SystemCall.Pwrite64, DescriptorOf(extent), (long)_buffer.Address.Value, 1, (long)(extent.Offset + offset)));
    }

    private int DescriptorOf(SharedExtent extent) => extent.Descriptor < 0 ? Physical.ArenaDescriptor : extent.Descriptor;

    private static void Done(SyscallResult result) => Assert.False(result.IsError, result.Error.ToString());
}
