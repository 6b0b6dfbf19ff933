namespace Weft.Adapter;

/// <summary>A VM's keys: another VM's can't be named at all. The index is in the upper 24 bits, a generation in the low byte.</summary>
internal sealed class KeyTable
{
    private const uint Stride = 1 << 8;
    private const int LeastSpare = 64;
    private readonly Queue<uint> _free = new();
    private readonly uint _most;
    private MemoryKey?[] _keys = new MemoryKey?[64];
    private byte[] _generations = new byte[64];
    private uint _used = 2; // Key 0x100 marks the end of a receive's segments: index 1 is never given out.

    internal KeyTable(uint most) => _most = most + _used;

    /// <summary>Keys in use.</summary>
    internal IEnumerable<MemoryKey> InUse => _keys.Where(key => key is not null)!;

    /// <summary>Gives a key its number. False when the table is full.</summary>
    internal bool TryAdd(MemoryKey key)
    {
        // A number that went comes back late: its 255 other generations last the longer.
        uint index;
        if (_free.Count > LeastSpare || _used == _most)
        {
            if (!_free.TryDequeue(out index))
                return false;
        }
        else
        {
            index = _used++;
            if (index == _keys.Length)
            {
                Array.Resize(ref _generations, _keys.Length * 2);
                Array.Resize(ref _keys, _keys.Length * 2);
            }
        }
        _keys[index] = key;
        key.Value = index * Stride | ++_generations[index];
        return true;
    }

    /// <summary>Forgets a key; its number comes back with another generation.</summary>
    internal void Remove(MemoryKey key)
    {
        uint index = key.Value / Stride;
        _keys[index] = null;
        _free.Enqueue(index);
    }

    /// <summary>The key, or null for one that is stale or was never given out.</summary>
    internal MemoryKey? Find(uint value)
    {
        uint index = value / Stride;
        MemoryKey? key = index < (uint)_keys.Length ? _keys[index] : null;
        return key?.Value == value ? key : null;
    }

    /// <summary>The window whose key has this index, whatever its generation.</summary>
    internal MemoryKey? FindWindow(uint value)
    {
        uint index = value / Stride;
        return index < (uint)_keys.Length && _keys[index] is { WindowType: not 0 } window ? window : null;
    }

    /// <summary>A window that is bound takes the low byte that the bind asks for.</summary>
    internal void Renew(MemoryKey key, byte generation)
    {
        key.Value = key.Value & ~(Stride - 1) | generation;
        _generations[key.Value / Stride] = generation;
    }
}
