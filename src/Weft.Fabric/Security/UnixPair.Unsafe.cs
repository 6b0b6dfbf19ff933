using Weft.Native;

namespace Weft.Fabric.Security;

/// <summary>socketpair(2).</summary>
internal static unsafe class UnixPair
{
    private const int Unix = 1, StreamNonBlockCloseOnExec = 1 | 0x800 | 0x80000;

    /// <summary>Two ends of a stream that do not block; the caller owns both.</summary>
    /// <exception cref="IOException">The host has no descriptors left.</exception>
    internal static (int One, int Other) Create()
    {
        int* pair = stackalloc int[2];
        // SAFETY: the kernel writes two ints to a local of that size.
        long result = HostStubs.Call(SystemCall.Socketpair, Unix, StreamNonBlockCloseOnExec, 0, (long)pair);
        return result == 0 ? (pair[0], pair[1]) : throw new IOException("The host has no descriptors left for a link.");
    }
}
