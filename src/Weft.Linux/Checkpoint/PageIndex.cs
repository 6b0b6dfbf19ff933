namespace Weft.Linux.Checkpoint;

/// <summary>Where in a data file the pages of runs stand.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class PageIndex
{
    private readonly List<(PageRun Run, ulong Offset)> _runs;

    /// <summary>Runs by address, that stand in the file one after the other.</summary>
    internal PageIndex(IReadOnlyList<PageRun> runs)
    {
        _runs = new(runs.Count);
        ulong offset = 0;
        foreach (PageRun run in runs)
        {
            _runs.Add((run, offset));
            offset += run.LengthBytes;
        }
        LengthBytes = offset;
    }

    /// <summary>Bytes of the file.</summary>
    internal ulong LengthBytes { get; private set; }

    /// <summary>Adds a run whose pages stand at the file's end.</summary>
    internal void Append(PageRun run)
    {
        _runs.Insert(IndexAt(run.Start) + 1, (run, LengthBytes));
        LengthBytes += run.LengthBytes;
    }

    /// <summary>Where a page is in the file, and for how much of a length that answer holds, also when it is in no run.</summary>
    internal bool TryFind(ulong address, ref ulong lengthBytes, out ulong offset)
    {
        int index = IndexAt(address);
        offset = 0;
        if (index >= 0 && _runs[index] is var (run, start) && address < run.Start + run.LengthBytes)
        {
            lengthBytes = Math.Min(lengthBytes, run.Start + run.LengthBytes - address);
            offset = start + (address - run.Start);
            return true;
        }
        if (index + 1 < _runs.Count)
            lengthBytes = Math.Min(lengthBytes, _runs[index + 1].Run.Start - address);
        return false;
    }

    /// <summary>Index of the last run that starts at or before an address; -1 when none does.</summary>
    private int IndexAt(ulong address)
    {
        int low = 0, high = _runs.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_runs[middle].Run.Start <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }
}
