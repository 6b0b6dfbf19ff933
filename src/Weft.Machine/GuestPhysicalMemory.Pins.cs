namespace Weft.Machine;

/// <content>Ranges of the arena that somebody outside reads or writes, and which therefore keep their pages.</content>
public sealed partial class GuestPhysicalMemory
{
    private readonly PinnedRanges _pins = new();

    /// <summary>
    /// Keeps the pages of a mapped range: what is released of it before <see cref="Unpin"/> is neither used again nor given
    /// back. Pins of a range add up. Allocates nothing: a page that nobody has touched comes at its first touch.
    /// </summary>
    public void Pin(GuestPhysicalAddress start, ulong lengthBytes)
    {
        lock (_lock)
            _pins.Pin(start.Value, start.Value + lengthBytes);
    }

    /// <summary>Takes one pin back, of exactly a range that was pinned. What was released meanwhile and has no other pin is freed.</summary>
    public void Unpin(GuestPhysicalAddress start, ulong lengthBytes)
    {
        List<(ulong Start, ulong End)> freed = [];
        lock (_lock)
            _pins.Unpin(start.Value, start.Value + lengthBytes, freed);
        foreach ((ulong from, ulong to) in freed)
            Free(new(from), to - from);
    }

    /// <summary>The first pinned part of a range. False when no page of it is pinned.</summary>
    public bool TryFindPinned(GuestPhysicalAddress start, ulong lengthBytes, out GuestPhysicalAddress pinnedStart, out ulong pinnedBytes)
    {
        ulong from = 0, to = 0;
        bool found;
        lock (_lock)
            found = _pins.Count > 0 && _pins.TryFind(start.Value, start.Value + lengthBytes, out from, out to);
        pinnedStart = new(from);
        pinnedBytes = to - from;
        return found;
    }

    /// <summary>
    /// Puts pages of the arena in the place of a host file's in a mapped range, with the same contents, so that they can
    /// be shared. Whoever may store there must be kept from it by the caller. On failure all is as before.
    /// </summary>
    /// <returns>0, or -errno: -EFAULT where the file ends before the range.</returns>
    public long ReplaceFilePages(GuestPhysicalAddress start, ulong lengthBytes)
    {
        if (_shared is null)
            return -(long)Native.Errno.EOPNOTSUPP;
        Native.HostAddress host = HostOf(start);
        if (!TryTakeMappings(2))
            return -(long)Native.Errno.ENOMEM;
        long result = _shared.CopyIn(host, lengthBytes);
        if (result == 0)
            result = _shared.MapBack(host, lengthBytes);
        if (result < 0)
            _shared.Punch(host, lengthBytes);
        return result;
    }

    /// <summary>Allocates the pages of a range of anonymous memory now, in a shared arena. Returns 0 or -errno.</summary>
    public long Allocate(GuestPhysicalAddress start, ulong lengthBytes) =>
        _shared is null ? 0 : SharedArena.Allocate(HostOf(start), lengthBytes);

    /// <summary>Ends a reservation of anonymous memory, but for what pins hold of it: that ends with them.</summary>
    private void ReleaseUnpinned(GuestPhysicalAddress start, ulong lengthBytes)
    {
        if (!TryFindPinned(start, lengthBytes, out _, out _))
        {
            Free(start, lengthBytes);
            return;
        }
        List<(ulong Start, ulong End)> free = [];
        // Nothing is punched where a pin is, so nothing else would drop the vCPUs' translations.
        InvalidateTranslations(start, lengthBytes, HostContent.Anonymous);
        lock (_lock)
            _pins.Release(start.Value, start.Value + lengthBytes, free);
        foreach ((ulong from, ulong to) in free)
            Free(new(from), to - from);
    }

    private void Free(GuestPhysicalAddress start, ulong lengthBytes)
    {
        Discard(start, lengthBytes);
        lock (_lock)
            FreeLocked(start.Value - SystemBytes, lengthBytes);
    }
}
