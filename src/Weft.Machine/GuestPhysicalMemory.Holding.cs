namespace Weft.Machine;

/// <content>Freed ranges that must not be used again yet, because somebody outside still copies by their addresses.</content>
public sealed partial class GuestPhysicalMemory
{
    private readonly List<(ulong Start, ulong LengthBytes)> _held = [];
    private int _holders;

    /// <summary>
    /// From now on no freed range of the arena is given to another mapping, until <see cref="EndHold"/>: whoever copies by
    /// an address that it was told finds the old pages or none, never another mapping's. Holds count.
    /// </summary>
    public void BeginHold()
    {
        lock (_lock)
            _holders++;
    }

    /// <summary>Ends one hold; with the last one all held ranges are free.</summary>
    public void EndHold()
    {
        lock (_lock)
        {
            if (--_holders > 0)
                return;
            foreach ((ulong start, ulong lengthBytes) in _held)
                FreeLocked(start, lengthBytes);
            _held.Clear();
        }
    }
}
