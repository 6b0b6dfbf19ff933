namespace Weft.Adapter;

/// <summary>One entry of a scatter/gather list, out of a private copy.</summary>
internal struct Segment
{
    /// <summary>The program's address; of an inline piece its offset in the private slot.</summary>
    internal ulong Address;

    /// <summary>Bytes.</summary>
    internal uint LengthBytes;

    /// <summary>lkey.</summary>
    internal uint Key;
}
