using System.Runtime.InteropServices;
using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// Finds the pages of a mapping that are in no file: those that somebody has touched. The host knows them, by its page
/// map of the VMM, or by the holes of the arena where that is one file.
/// </summary>
/// <remarks>
/// For one thread; the address space's lock must be held, so that nothing is unmapped meanwhile. Source of the page map:
/// linux/Documentation/admin-guide/mm/pagemap.rst.
/// </remarks>
internal sealed class HeldPages : IDisposable
{
    private const ulong PageSize = AddressSpace.PageSize, Present = 1ul << 63, Swapped = 1ul << 62, FromFile = 1ul << 61;
    private const int EntryBytes = 8, BufferBytes = 64 << 10, CurrentDirectory = -100, ReadOnlyCloseOnExec = 0x80000;
    private const int SeekData = 3, SeekHole = 4;
    private readonly GuestPhysicalMemory _memory;
    private readonly NativeBuffer _buffer = new(BufferBytes);
    private readonly long _pagemap;

    internal HeldPages(GuestPhysicalMemory memory)
    {
        _memory = memory;
        "/proc/self/pagemap\0"u8.CopyTo(_buffer.Span);
        _pagemap = HostStubs.Call(SystemCall.Openat, CurrentDirectory, (long)_buffer.Address.Value, ReadOnlyCloseOnExec);
    }

    /// <summary>Whether the host shows its page map: else nothing can be found out.</summary>
    internal bool IsUsable => _pagemap >= 0;

    /// <summary>Adds the runs of an area to a list, by address.</summary>
    internal void Find(MemoryArea area, List<PageRun> runs)
    {
        if (_memory.IsShared && area.Content == HostContent.Anonymous)
            FindInArena(area, runs);
        else
            FindInPageMap(area, runs);
    }

    private void FindInArena(MemoryArea area, List<PageRun> runs)
    {
        ulong start = GuestPhysicalMemory.ArenaOffsetOf(area.Physical), end = start + area.Length;
        for (ulong at = start; at < end;)
        {
            long data = HostStubs.Call(SystemCall.Lseek, _memory.ArenaDescriptor, (long)at, SeekData);
            if (data < 0 || (ulong)data >= end)
                return;
            long hole = HostStubs.Call(SystemCall.Lseek, _memory.ArenaDescriptor, data, SeekHole);
            at = hole < 0 ? end : Math.Min((ulong)hole, end);
            runs.Add(new PageRun(area.Start + ((ulong)data - start), at - (ulong)data));
        }
    }

    private void FindInPageMap(MemoryArea area, List<PageRun> runs)
    {
        ulong page = _memory.HostOf(area.Physical).Value / PageSize, left = area.Length / PageSize, address = area.Start, runStart = 0;
        bool inRun = false;
        while (left > 0)
        {
            long wanted = (long)Math.Min(left * EntryBytes, BufferBytes);
            long length = HostStubs.Call(SystemCall.Pread64, _pagemap, (long)_buffer.Address.Value, wanted, (long)page * EntryBytes);
            if (length < EntryBytes)
                break;
            foreach (ulong entry in MemoryMarshal.Cast<byte, ulong>(_buffer.Span[..(int)length]))
            {
                bool isOwn = (entry & (Present | Swapped)) != 0 && (entry & FromFile) == 0;
                if (isOwn && !inRun)
                    runStart = address;
                else if (!isOwn && inRun)
                    runs.Add(new PageRun(runStart, address - runStart));
                inRun = isOwn;
                address += PageSize;
            }
            ulong read = (ulong)length / EntryBytes;
            page += read;
            left -= read;
        }
        if (inRun)
            runs.Add(new PageRun(runStart, address - runStart));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_pagemap >= 0)
            HostStubs.Call(SystemCall.Close, _pagemap);
        _buffer.Dispose();
    }
}
