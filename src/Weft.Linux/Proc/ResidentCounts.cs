namespace Weft.Linux.Proc;

/// <summary>What of an area is in memory.</summary>
/// <param name="Bytes">All.</param>
/// <param name="AnonymousBytes">Of these, not shared with a file.</param>
/// <param name="SwappedBytes">Swapped out by the host.</param>
internal readonly record struct ResidentCounts(ulong Bytes, ulong AnonymousBytes, ulong SwappedBytes)
{
    public static ResidentCounts operator +(ResidentCounts left, ResidentCounts right) =>
        new(left.Bytes + right.Bytes, left.AnonymousBytes + right.AnonymousBytes, left.SwappedBytes + right.SwappedBytes);
}
