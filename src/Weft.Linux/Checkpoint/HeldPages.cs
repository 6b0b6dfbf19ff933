using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>
/// Finds the pages of a mapping that are in no file: those that somebody has touched. The host knows them, by its page
/// map of the VMM, or by the holes of the arena where that is one file.
/// </summary>
/// <remarks>
/// For one thread; the address space's lock must be held, so that nothing is unmapped meanwhile.
/// </remarks>
internal sealed class HeldPages : IDisposable
{
    private const ulong PageSize = AddressSpace.PageSize;
    private const int SeekData = 3, SeekHole = 4;
    private readonly GuestPhysicalMemory _memory;
    private readonly PageMap _pageMap = new();

    internal HeldPages(GuestPhysicalMemory memory) => _memory = memory;

    /// <summary>Whether the host shows its page map: else nothing can be found out.</summary>
    internal bool IsUsable => _pageMap.IsUsable;

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
            ReadOnlySpan<ulong> entries = _pageMap.Read(page, left);
            if (entries.IsEmpty)
                break;
            foreach (ulong entry in entries)
            {
                bool isOwn = (entry & (PageMap.Present | PageMap.Swapped)) != 0 && (entry & PageMap.FromFile) == 0;
                if (isOwn && !inRun)
                    runStart = address;
                else if (!isOwn && inRun)
                    runs.Add(new PageRun(runStart, address - runStart));
                inRun = isOwn;
                address += PageSize;
            }
            page += (ulong)entries.Length;
            left -= (ulong)entries.Length;
        }
        if (inRun)
            runs.Add(new PageRun(runStart, address - runStart));
    }

    /// <inheritdoc/>
    public void Dispose() => _pageMap.Dispose();
}
