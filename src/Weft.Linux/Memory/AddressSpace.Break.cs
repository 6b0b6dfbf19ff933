namespace Weft.Linux.Memory;

public sealed partial class AddressSpace
{
    private ulong _breakStart;
    private ulong _break;

    /// <summary>Where the heap begins; set once by the loader.</summary>
    public void InitializeBreak(ulong start)
    {
        lock (_lock)
            _breakStart = _break = RoundUp(start);
    }

    /// <summary>Moves the heap's end as brk(2) does. Returns the new end, or the old one when it cannot move there.</summary>
    public ulong SetBreak(ulong end)
    {
        lock (_lock)
        {
            if (end < _breakStart || end > MapBase)
                return _break;
            ulong oldTop = RoundUp(_break), newTop = RoundUp(end);
            if (newTop > oldTop)
            {
                if (!IsFreeLocked(oldTop, newTop + PageSize) || !GrowHeapLocked(oldTop, newTop))
                    return _break;
            }
            else if (newTop < oldTop)
                UnmapLocked(newTop, oldTop);
            return _break = end;
        }
    }

    private bool GrowHeapLocked(ulong oldTop, ulong newTop)
    {
        ulong length = newTop - oldTop;
        if (ExceedsLimit(length))
            return false;
        MemoryArea? heap = oldTop > _breakStart ? FindLocked(oldTop - 1) : null;
        Machine.GuestPhysicalAddress physical;
        if (heap is not null && _memory.TryExtend(heap.PhysicalOf(heap.End), length))
            physical = heap.PhysicalOf(heap.End);
        else if (_memory.Reserve(length, oldTop) is { } fresh)
            physical = fresh;
        else
            return false;
        MemoryArea area = new()
        {
            Start = oldTop,
            End = newTop,
            Protection = Protection.Read | Protection.Write,
            Content = Machine.HostContent.Anonymous,
            Physical = physical,
            Name = "[heap]",
        };
        InsertLocked(area);
        FillFreshLocked(FindLocked(oldTop)!, oldTop, newTop);
        return true;
    }
}
