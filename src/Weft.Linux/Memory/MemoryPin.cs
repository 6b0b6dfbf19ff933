using Weft.Machine;

namespace Weft.Linux.Memory;

/// <summary>
/// A range of a program's memory that others read and write: its pages stay what they are until it is disposed, whatever
/// the program does with its addresses.
/// </summary>
/// <remarks>Owned by whoever asked for it. Thread-safe; disposing twice does nothing.</remarks>
public sealed class MemoryPin : IDisposable
{
    private readonly GuestPhysicalMemory _memory;
    private readonly SharedExtent[] _extents;
    private readonly BackingFile[] _files;
    private int _disposed;

    /// <summary>Takes over pins that are in force: one of each extent in the arena, and of each file.</summary>
    internal MemoryPin(GuestPhysicalMemory memory, SharedExtent[] extents, BackingFile[] files)
    {
        _memory = memory;
        _extents = extents;
        _files = files;
    }

    /// <summary>The pieces in the order of the program's addresses; together as long as its whole pages.</summary>
    public ReadOnlySpan<SharedExtent> Extents => _extents;

    /// <summary>Ends the pin. Nobody may use its extents any more: their pages may be other memory at once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        foreach (SharedExtent extent in _extents)
            if (extent.Descriptor < 0)
                _memory.Unpin(GuestPhysicalMemory.AddressInArena(extent.Offset), extent.LengthBytes);
        foreach (BackingFile file in _files)
            file.LetGo();
    }
}
