using Weft.Adapter.Control;
using Weft.Native;

namespace Weft.Adapter;

/// <summary>A ring of fixed slots in a guest's memory.</summary>
internal readonly struct QueueRing
{
    private readonly MemoryView? _view;
    private readonly ulong _offset;
    private readonly int _shift;

    internal QueueRing(MemoryView? view, in QueueLayout layout)
    {
        (_view, _offset, _shift) = (view, layout.OffsetBytes, (int)layout.StrideShift);
        (Count, MostSegments) = (layout.Count, (int)layout.MostSegments);
    }

    /// <summary>Slots: a power of two, or 0.</summary>
    internal uint Count { get; }

    /// <summary>Most entries of a slot's list.</summary>
    internal int MostSegments { get; }

    /// <summary>Bytes of a slot.</summary>
    internal int SlotBytes => 1 << _shift;

    /// <summary>A slot's address; any index is masked.</summary>
    internal HostAddress Slot(uint index) => _view!.SlotAt(_offset + ((ulong)(index & (Count - 1)) << _shift));
}
