using System.Buffers.Binary;
using System.Text;
using Weft.Native;

namespace Weft.Adapter.Wire;

/// <summary>Whether descriptors that came over the socket are what the engine will take them for.</summary>
internal static class DescriptorCheck
{
    // Source: struct stat, x86-64: st_size at 48. F_GET_SEALS and F_SEAL_SHRINK: linux/fcntl.h.
    private const int StatBytes = 144, SizeOffset = 48, GetSeals = 1034, SealShrink = 2;
    private const int GetFlags = 3, SetFlags = 4, NonBlocking = 0x800;
    private const ulong MostArenaBytes = 64UL << 40, PageBytes = 4096;

    /// <summary>A memfd of at least this size that can't shrink: its mapping never faults for want of a file.</summary>
    internal static bool IsArena(int descriptor, ulong bytes)
    {
        if (bytes is 0 or > MostArenaBytes || bytes % PageBytes != 0)
            return false;
        using NativeBuffer status = new(StatBytes);
        long seals = HostStubs.Call(SystemCall.Fcntl, descriptor, GetSeals);
        return seals >= 0 && (seals & SealShrink) != 0
            && HostStubs.Call(SystemCall.Fstat, descriptor, (long)status.Address.Value) == 0
            && BinaryPrimitives.ReadUInt64LittleEndian(status.Span[SizeOffset..]) >= bytes;
    }

    /// <summary>An eventfd, which is made non-blocking: reading it can't hold up the engine.</summary>
    internal static bool IsEvent(int descriptor)
    {
        const string expected = "anon_inode:[eventfd]";
        using NativeBuffer buffer = new(2 * 64);
        Encoding.ASCII.GetBytes($"/proc/self/fd/{descriptor}", buffer.Span);
        long at = (long)buffer.Address.Value;
        long length = HostStubs.Call(SystemCall.Readlink, at, at + 64, 64);
        if (length != expected.Length || Encoding.ASCII.GetString(buffer.Span.Slice(64, (int)length)) != expected)
            return false;
        long flags = HostStubs.Call(SystemCall.Fcntl, descriptor, GetFlags);
        return flags >= 0 && HostStubs.Call(SystemCall.Fcntl, descriptor, SetFlags, flags | NonBlocking) == 0;
    }

    /// <summary>A connected Unix stream socket of the same process as the connection's.</summary>
    internal static bool IsSocketOf(int descriptor, int processId) =>
        UnixSocket.PeerOf(descriptor) is { } peer && peer.ProcessId == processId;
}
