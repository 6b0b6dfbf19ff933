using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>Where pages are that a forked process does not have yet.</summary>
/// <remarks>Called under the address space's lock, by one thread at a time.</remarks>
internal interface IPageSource
{
    /// <summary>The most that is asked for at once: a multiple of the page size.</summary>
    const ulong MostBytes = 64 << 10;

    /// <summary>Copies pages of missing memory to where the VMM has them. False when they cannot be had any more.</summary>
    /// <param name="address">The program's address of the first page.</param>
    /// <param name="destination">Where they go.</param>
    /// <param name="lengthBytes">A multiple of the page size, at most <see cref="MostBytes"/>, within one missing range.</param>
    bool TryRead(ulong address, HostAddress destination, ulong lengthBytes);

    /// <summary>Nothing is missing any more.</summary>
    void Finish();
}
