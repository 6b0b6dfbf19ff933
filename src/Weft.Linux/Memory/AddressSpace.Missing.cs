using Weft.Linux.Checkpoint;
using Weft.Native;

namespace Weft.Linux.Memory;

/// <content>
/// Pages of a forked process that are elsewhere still: they come when somebody first looks at them. Nobody can before: no
/// page-table entry is written and no host address given out for a page that is missing.
/// </content>
public sealed partial class AddressSpace
{
    // By address, never empty, never adjacent to each other's bytes twice.
    private readonly List<(ulong Start, ulong End)> _missing = [];
    private IPageSource? _source;

    /// <summary>Gets what is missing of a range. False when its source is gone.</summary>
    internal bool Fetch(ulong start, ulong lengthBytes)
    {
        lock (_lock)
            return FetchLocked(start, start + lengthBytes);
    }

    /// <summary>Copies a page-aligned range as it is, whatever the program itself may do there; what is not mapped reads as zeroes.</summary>
    internal void ReadWhole(ulong start, Span<byte> destination)
    {
        destination.Clear();
        lock (_lock)
            for (int done = 0; done < destination.Length; done += (int)PageSize)
                if (FindLocked(start + (ulong)done) is { } area && FetchLocked(start + (ulong)done, start + (ulong)done + PageSize))
                    HostStubs.TryRead(_memory.HostOf(area.PhysicalOf(start + (ulong)done)), destination.Slice(done, (int)PageSize));
    }

    /// <summary>Names ranges, ascending, whose pages a source has.</summary>
    private void AddMissingLocked(IEnumerable<PageRun> runs, IPageSource source)
    {
        _source = source;
        foreach (PageRun run in runs)
            _missing.Add((run.Start, run.Start + run.LengthBytes));
    }

    private bool FetchLocked(ulong start, ulong end)
    {
        if (_missing.Count == 0)
            return true;
        while (TryFindMissingLocked(start, end, out ulong from, out ulong to))
        {
            // Mapped, for what is unmapped is not missed any more.
            MemoryArea area = FindLocked(from)!;
            to = Math.Min(Math.Min(to, area.End), from + IPageSource.MostBytes);
            if (!_source!.TryRead(from, _memory.HostOf(area.PhysicalOf(from)), to - from))
                return false;
            CutMissingLocked(from, to);
        }
        return true;
    }

    /// <summary>Nobody wants the pages of a range any more: they were dropped or unmapped.</summary>
    private void ForgetMissingLocked(ulong start, ulong end)
    {
        if (_missing.Count > 0)
            CutMissingLocked(start, end);
    }

    private bool TryFindMissingLocked(ulong start, ulong end, out ulong from, out ulong to)
    {
        from = to = 0;
        int index = FirstMissingLocked(start);
        if (index == _missing.Count || _missing[index].Start >= end)
            return false;
        from = Math.Max(start & ~(PageSize - 1), _missing[index].Start);
        to = Math.Min(RoundUp(end), _missing[index].End);
        return true;
    }

    private void CutMissingLocked(ulong start, ulong end)
    {
        for (int index = FirstMissingLocked(start); index < _missing.Count && _missing[index].Start < end;)
        {
            (ulong from, ulong to) = _missing[index];
            _missing.RemoveAt(index);
            if (from < start)
                _missing.Insert(index++, (from, start));
            if (to > end)
                _missing.Insert(index++, (end, to));
        }
        if (_missing.Count == 0)
            _source?.Finish();
    }

    /// <summary>Index of the first missing range that ends behind an address.</summary>
    private int FirstMissingLocked(ulong address)
    {
        int low = 0, high = _missing.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_missing[middle].End <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
