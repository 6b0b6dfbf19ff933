using Weft.Linux.Memory;
using Weft.Machine;

namespace Weft.Linux.Proc;

/// <summary>Counts an area's pages in memory, from the host's own page tables of the VMM.</summary>
/// <remarks>
/// For one thread. A page counts as anonymous when it is in no file: a private file's page that was written, and all
/// of anonymous memory.
/// </remarks>
internal sealed class ResidentPages : IDisposable
{
    private const ulong PageSize = 4096;

    // Reading costs time by length, and an area may be a reservation of terabytes.
    private const ulong MostBytes = 16ul << 30;

    private readonly GuestPhysicalMemory _memory;
    private readonly PageMap _pageMap = new();

    /// <summary>Opens the host's page map.</summary>
    internal ResidentPages(GuestPhysicalMemory memory) => _memory = memory;

    /// <summary>Counts an area; its first 16 GiB when it is longer. Nothing when the host hides its page map.</summary>
    internal ResidentCounts Count(MemoryArea area)
    {
        ulong present = 0, anonymous = 0, swapped = 0;
        // The page map misses what the VMM itself has not touched of a shared arena.
        if (area.Content == HostContent.Anonymous && _memory.AllocatedBytes(area.Physical, area.Length) is { } allocated)
            return new ResidentCounts(allocated, allocated, 0);
        if (!_pageMap.IsUsable || area.Protection == Protection.None)
            return default;
        ulong page = _memory.HostOf(area.Physical).Value / PageSize, left = Math.Min(area.Length, MostBytes) / PageSize;
        while (left > 0)
        {
            ReadOnlySpan<ulong> entries = _pageMap.Read(page, left);
            if (entries.IsEmpty)
                break;
            foreach (ulong entry in entries)
            {
                present += entry >> 63;
                anonymous += (entry & (PageMap.Present | PageMap.FromFile)) == PageMap.Present ? 1u : 0;
                swapped += (entry & (PageMap.Present | PageMap.Swapped)) == PageMap.Swapped ? 1u : 0;
            }
            page += (ulong)entries.Length;
            left -= (ulong)entries.Length;
        }
        return new ResidentCounts(present * PageSize, anonymous * PageSize, swapped * PageSize);
    }

    /// <inheritdoc/>
    public void Dispose() => _pageMap.Dispose();
}
