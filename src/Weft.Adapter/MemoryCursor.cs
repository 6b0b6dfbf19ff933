using Weft.Native;

namespace Weft.Adapter;

/// <summary>Walks a list of segments, or one range, and yields the pieces of mapped memory behind it.</summary>
internal ref struct MemoryCursor
{
    private readonly ReadOnlySpan<Segment> _segments;
    private readonly QueuePair _pair;
    private readonly AccessRights _need;
    private readonly HostAddress _inline;
    private readonly bool _isInline;
    private readonly bool _isRemote;
    private int _index;
    private ulong _offset;

    /// <summary>A list of the queue pair's own: local keys.</summary>
    internal MemoryCursor(QueuePair pair, ReadOnlySpan<Segment> segments, AccessRights need, ulong skipBytes, bool isRemote = false)
    {
        _segments = segments;
        (_pair, _need, _isRemote) = (pair, need, isRemote);
        Skip(skipBytes);
    }

    /// <summary>Inline pieces of a private slot at this address.</summary>
    internal MemoryCursor(QueuePair pair, ReadOnlySpan<Segment> segments, HostAddress slot)
    {
        _segments = segments;
        (_pair, _inline, _isInline) = (pair, slot, true);
        Skip(0);
    }

    /// <summary>Whether the piece before could fault because of this side.</summary>
    internal bool CanFault { get; private set; }

    /// <summary>The next piece. False at the end and where a key, a range or a right is wrong: <see cref="IsAtEnd"/> tells which.</summary>
    internal bool TryPeek(out HostAddress address, out ulong contiguousBytes)
    {
        address = default;
        contiguousBytes = 0;
        if (_index >= _segments.Length)
            return false;
        ref readonly Segment segment = ref _segments[_index];
        ulong left = segment.LengthBytes - _offset;
        if (_isInline)
        {
            (address, contiguousBytes) = (_inline + segment.Address + _offset, left);
            return true;
        }
        MemoryKey? key = _pair.Vm.Keys.Find(segment.Key);
        if (key is null || key.ProtectionDomain != _pair.ProtectionDomain || !key.Allows(segment.Address, segment.LengthBytes, _need)
            || key.WindowType != 0 && !(_isRemote && MayUse(key)))
            return false;
        address = key.View!.Translate(segment.Address - key.VirtualAddress + key.ViewOffset + _offset, out contiguousBytes);
        contiguousBytes = Math.Min(contiguousBytes, left);
        CanFault = key.View.CanFault;
        return true;
    }

    /// <summary>Goes on behind what was used of the piece.</summary>
    internal void Advance(ulong bytes)
    {
        _offset += bytes;
        Skip(0);
    }

    /// <summary>Whether all was walked.</summary>
    internal readonly bool IsAtEnd => _index >= _segments.Length;

    private readonly bool MayUse(MemoryKey window) => window.WindowType == 1 || window.BoundQueuePair == _pair.Number;

    private void Skip(ulong bytes)
    {
        _offset += bytes;
        while (_index < _segments.Length && _offset >= _segments[_index].LengthBytes)
            _offset -= _segments[_index++].LengthBytes;
    }
}
