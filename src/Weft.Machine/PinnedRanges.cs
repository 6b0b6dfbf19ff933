namespace Weft.Machine;

/// <summary>
/// Which ranges of the arena are pinned, how often, and which of these the program has given up meanwhile: such a range
/// is neither used again nor given back before its last pin ends.
/// </summary>
/// <remarks>Not thread-safe: its owner's lock protects it. Costs by the pins near a range, not by its length.</remarks>
internal sealed class PinnedRanges
{
    // Sorted, disjoint; every segment has a count above 0. Neighbours that are alike are joined.
    private readonly List<Segment> _segments = [];

    /// <summary>Number of separate segments.</summary>
    internal int Count => _segments.Count;

    /// <summary>Pins a range once more. No part of it may have been released.</summary>
    internal void Pin(ulong start, ulong end)
    {
        int index = Isolate(start, end), first = index;
        for (ulong at = start; at < end; index++)
        {
            if (index < _segments.Count && _segments[index].Start == at)
                _segments[index] = _segments[index] with { Pins = _segments[index].Pins + 1 };
            else
                _segments.Insert(index, new Segment(at, index < _segments.Count ? Math.Min(end, _segments[index].Start) : end, 1, false));
            at = _segments[index].End;
        }
        Join(first, index);
    }

    /// <summary>Takes one pin of a range back. It must have been pinned whole.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="freed">Gets the parts that were released and have no pin any more.</param>
    internal void Unpin(ulong start, ulong end, List<(ulong Start, ulong End)> freed)
    {
        int index = Isolate(start, end), first = index;
        while (index < _segments.Count && _segments[index].Start < end)
        {
            Segment segment = _segments[index];
            if (segment.Pins > 1)
            {
                _segments[index++] = segment with { Pins = segment.Pins - 1 };
                continue;
            }
            _segments.RemoveAt(index);
            if (segment.IsReleased)
                freed.Add((segment.Start, segment.End));
        }
        Join(first, index);
    }

    /// <summary>The program gives a range up: notes it where pins hold it.</summary>
    /// <param name="start">First byte.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="free">Gets the parts that no pin holds.</param>
    internal void Release(ulong start, ulong end, List<(ulong Start, ulong End)> free)
    {
        int index = Isolate(start, end), first = index;
        ulong at = start;
        for (; index < _segments.Count && _segments[index].Start < end; index++)
        {
            if (at < _segments[index].Start)
                free.Add((at, _segments[index].Start));
            _segments[index] = _segments[index] with { IsReleased = true };
            at = _segments[index].End;
        }
        if (at < end)
            free.Add((at, end));
        Join(first, index);
    }

    /// <summary>The first pinned part of a range, as far as it reaches without a gap. False when none is pinned.</summary>
    internal bool TryFind(ulong start, ulong end, out ulong pinnedStart, out ulong pinnedEnd)
    {
        int index = IndexAfter(start);
        pinnedStart = pinnedEnd = 0;
        if (index >= _segments.Count || _segments[index].Start >= end)
            return false;
        pinnedStart = Math.Max(start, _segments[index].Start);
        do
            pinnedEnd = Math.Min(end, _segments[index].End);
        while (++index < _segments.Count && _segments[index].Start == pinnedEnd && pinnedEnd < end);
        return true;
    }

    /// <summary>Splits at both bounds. Returns the index of the first segment at or after the start.</summary>
    private int Isolate(ulong start, ulong end)
    {
        Split(start);
        Split(end);
        return IndexAfter(start);
    }

    private void Split(ulong at)
    {
        int index = IndexAfter(at);
        if (index >= _segments.Count || _segments[index].Start >= at)
            return;
        Segment segment = _segments[index];
        _segments[index] = segment with { End = at };
        _segments.Insert(index + 1, segment with { Start = at });
    }

    /// <summary>Index of the first segment that ends after the address.</summary>
    private int IndexAfter(ulong address)
    {
        int low = 0, high = _segments.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_segments[middle].End <= address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    /// <summary>Joins neighbours that are alike, from the one before the first index to the one at the last.</summary>
    private void Join(int first, int last)
    {
        for (int index = Math.Min(last, _segments.Count - 1); index > 0 && index >= first; index--)
        {
            Segment lower = _segments[index - 1], upper = _segments[index];
            if (lower.End != upper.Start || lower.Pins != upper.Pins || lower.IsReleased != upper.IsReleased)
                continue;
            _segments[index - 1] = lower with { End = upper.End };
            _segments.RemoveAt(index);
        }
    }

    private readonly record struct Segment(ulong Start, ulong End, int Pins, bool IsReleased);
}
