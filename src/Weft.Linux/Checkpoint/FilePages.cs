using Weft.Native;

namespace Weft.Linux.Checkpoint;

/// <summary>Pages that were copied to a file at the fork.</summary>
/// <param name="descriptor">The file; closed when nothing is missing any more, if it is to be.</param>
/// <param name="pages">Where they stand in it.</param>
/// <param name="keepData">The file stays as it is, for a comparison.</param>
internal sealed class FilePages(int descriptor, PageIndex pages, bool keepData) : IPageSource
{
    /// <inheritdoc/>
    public bool TryRead(ulong address, HostAddress destination, ulong lengthBytes)
    {
        for (ulong done = 0; done < lengthBytes;)
        {
            ulong length = lengthBytes - done;
            if (!pages.TryFind(address + done, ref length, out ulong offset) || !PageFile.TryRead(descriptor, offset, destination + done, length))
                return false;
            if (!keepData)
                PageFile.Forget(descriptor, offset, length);
            done += length;
        }
        return true;
    }

    /// <inheritdoc/>
    public void Finish()
    {
        if (!keepData)
            Files.HostFile.Close(descriptor);
    }
}
