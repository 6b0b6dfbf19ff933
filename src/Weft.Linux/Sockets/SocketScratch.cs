namespace Weft.Linux.Sockets;

/// <summary>
/// Where socket calls keep what in a thread's 64 KiB of scratch memory. Vectors are at 0; path resolution uses the
/// upper half, so an address is translated before control messages or option values are put there.
/// </summary>
internal static class SocketScratch
{
    internal const int Header = 16 << 10, Name = Header + 64, NameLength = Name + 160, Small = NameLength + 32;
    internal const int Large = 32 << 10, LargeBytes = 32 << 10;

    /// <summary>sizeof(struct sockaddr_storage).</summary>
    internal const int NameBytes = 128;
}
