namespace Weft.Adapter.Connections;

/// <summary>Parts of GIDs.</summary>
internal static class GlobalAddresses
{
    /// <summary>fe80::/64, the upper half of every port's GID 0.</summary>
    internal const ulong LinkLocal = 0xfe80UL << 48;
}
