using Weft.Adapter.Control;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Memory of the fake guest: contiguous for it, pieces of the arena for the engine.</summary>
/// <param name="Address">Where the guest sees it: here, an address of this process.</param>
/// <param name="LengthBytes">Whole pages.</param>
/// <param name="Extents">Its pages in the arena, in order.</param>
internal sealed record GuestBuffer(ulong Address, int LengthBytes, MemoryExtent[] Extents)
{
    internal Span<byte> Span => Raw.Bytes(Address, LengthBytes);

    /// <summary>The extent of a small object that lies in one page.</summary>
    internal MemoryExtent ExtentOf(int offset, int lengthBytes)
    {
        ulong left = (ulong)offset;
        foreach (MemoryExtent extent in Extents)
        {
            if (left + (ulong)lengthBytes <= extent.LengthBytes)
                return new MemoryExtent { Offset = extent.Offset + left, LengthBytes = (ulong)lengthBytes };
            left -= extent.LengthBytes;
        }
        throw new ArgumentOutOfRangeException(nameof(offset));
    }
}
