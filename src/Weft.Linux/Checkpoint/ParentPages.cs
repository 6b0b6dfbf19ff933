using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>Pages of a parent that waits (vfork): it sends what is asked for, as it is then, for on Linux the two share it.</summary>
/// <remarks>What came is kept in the data file too, to tell later what the child has changed.</remarks>
internal sealed class ParentPages(ParentLink link, int descriptor, PageIndex pages) : IPageSource
{
    /// <inheritdoc/>
    public bool TryRead(ulong address, HostAddress destination, ulong lengthBytes)
    {
        if (!link.TryFetch(address, destination, lengthBytes) || !PageFile.TryWrite(descriptor, pages.LengthBytes, destination, lengthBytes))
            return false;
        pages.Append(new PageRun(address, lengthBytes));
        return true;
    }

    /// <inheritdoc/>
    public void Finish()
    {
    }
}
