namespace Weft.Machine;

/// <content>
/// Others who copy from and to the arena by themselves: freed ranges must not be used again before they are past.
/// </content>
public sealed unsafe partial class GuestPhysicalMemory
{
    private const int WordBytes = 64;
    private readonly List<(ulong Start, ulong LengthBytes)> _held = [];
    private readonly HashSet<int> _words = [];
    private int _holders, _highestWord = -1;
    private ulong _wordsPhysical;

    /// <summary>The system region's memfd, with the page tables; -1 when the memory is private.</summary>
    public int SystemDescriptor => _sharedSystem?.Descriptor ?? -1;

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
            _holders--;
            FreeHeldLocked();
        }
    }

    /// <summary>
    /// Gives another VM a word of its own in the arena, which is above 0 while it copies: until then freed ranges rest.
    /// Returns the word's offset in the arena and its number; null when there are no more.
    /// </summary>
    public (ulong ArenaOffset, int Number)? AddReader()
    {
        lock (_lock)
        {
            if (_wordsPhysical == 0)
            {
                if (!_arenaRanges.TryAllocate(PageSize, PageSize, out ulong start))
                    return null;
                _wordsPhysical = SystemBytes + start;
            }
            for (int number = 0; number < (int)(PageSize / WordBytes); number++)
                if (_words.Add(number))
                {
                    _highestWord = Math.Max(_highestWord, number);
                    return (_wordsPhysical - SystemBytes + (ulong)number * WordBytes, number);
                }
            return null;
        }
    }

    /// <summary>The VM that had a word has ended, maybe amid a copy.</summary>
    public void RemoveReader(int number)
    {
        lock (_lock)
        {
            _words.Remove(number);
            Volatile.Write(ref *Word(number), 0);
            FreeHeldLocked();
        }
    }

    /// <summary>
    /// Whether somebody copies now. Ordering: the freed pages' entries are cleared before; a reader counts itself by a locked
    /// instruction before it looks at an entry. With a full fence here one of the two sees the other.
    /// </summary>
    private bool HasReaders()
    {
        if (_highestWord < 0)
            return false;
        Interlocked.MemoryBarrier();
        for (int number = 0; number <= _highestWord; number++)
            if (Volatile.Read(ref *Word(number)) != 0)
                return true;
        return false;
    }

    private void FreeHeldLocked()
    {
        if (_holders > 0 || _held.Count == 0 || HasReaders())
            return;
        foreach ((ulong start, ulong lengthBytes) in _held)
        {
            // A late writer may have put a page into the hole: fresh memory must read as zeroes.
            Discard(new(SystemBytes + start), lengthBytes);
            ReturnLocked(start, lengthBytes);
        }
        _held.Clear();
    }

    // SAFETY: numbers are below the words of the page, which is the arena's for as long as the VM lives.
    private long* Word(int number) => (long*)(HostOf(new(_wordsPhysical)).Value + (ulong)number * WordBytes);
}
