namespace Weft.Machine;

/// <summary>Hands out ranges of a number line, lowest first, and joins what comes back.</summary>
/// <remarks>Not thread-safe: its owner's lock protects it.</remarks>
public sealed class RangeAllocator
{
    private readonly List<(ulong Start, ulong End)> _free;

    /// <summary>All of [start, end) is free.</summary>
    public RangeAllocator(ulong start, ulong end) => _free = [(start, end)];

    /// <summary>Number of separate free ranges.</summary>
    public int FreeRanges => _free.Count;

    /// <summary>Takes a range. False when no free range is long enough.</summary>
    /// <param name="length">Length, above 0.</param>
    /// <param name="alignment">A power of two.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="phase">What the start must be modulo the alignment; below it.</param>
    public bool TryAllocate(ulong length, ulong alignment, out ulong start, ulong phase = 0)
    {
        for (int i = 0; i < _free.Count; i++)
        {
            (ulong freeStart, ulong freeEnd) = _free[i];
            ulong aligned = ((freeStart - phase + alignment - 1) & ~(alignment - 1)) + phase;
            if (aligned < freeStart || aligned > freeEnd || freeEnd - aligned < length)
                continue;
            start = aligned;
            Cut(i, aligned, aligned + length);
            return true;
        }
        start = 0;
        return false;
    }

    /// <summary>Takes exactly this range if all of it is free: to grow a range in place.</summary>
    public bool TryAllocateAt(ulong start, ulong length)
    {
        int i = IndexAtOrBefore(start);
        if (i < 0 || _free[i].End < start + length || start + length < start)
            return false;
        Cut(i, start, start + length);
        return true;
    }

    /// <summary>Gives a range back. It must have been taken.</summary>
    public void Free(ulong start, ulong length)
    {
        ulong end = start + length;
        int i = IndexAtOrBefore(start) + 1;
        bool joinsBefore = i > 0 && _free[i - 1].End == start;
        bool joinsAfter = i < _free.Count && _free[i].Start == end;
        if (joinsBefore && joinsAfter)
        {
            _free[i - 1] = (_free[i - 1].Start, _free[i].End);
            _free.RemoveAt(i);
        }
        else if (joinsBefore)
            _free[i - 1] = (_free[i - 1].Start, end);
        else if (joinsAfter)
            _free[i] = (start, _free[i].End);
        else
            _free.Insert(i, (start, end));
    }

    private void Cut(int index, ulong start, ulong end)
    {
        (ulong freeStart, ulong freeEnd) = _free[index];
        if (freeStart < start && end < freeEnd)
        {
            _free[index] = (freeStart, start);
            _free.Insert(index + 1, (end, freeEnd));
        }
        else if (freeStart < start)
            _free[index] = (freeStart, start);
        else if (end < freeEnd)
            _free[index] = (end, freeEnd);
        else
            _free.RemoveAt(index);
    }

    private int IndexAtOrBefore(ulong start)
    {
        int low = 0, high = _free.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_free[middle].Start <= start)
                low = middle + 1;
            else
                high = middle;
        }
        return low - 1;
    }
}
