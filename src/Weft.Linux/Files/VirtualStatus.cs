using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>stat and statx of what is in the VM's own view only. Source: stat(2), statx(2), asm/stat.h.</summary>
internal static class VirtualStatus
{
    internal const int StatBytes = 144, StatxBytes = 256;
    private const uint BlockBytes = 1024;
    private const ulong LinkBytes = 64;

    /// <summary>An inode number that is the same at each look.</summary>
    internal static ulong InodeOf(string path)
    {
        const ulong offsetBasis = 14695981039346656037, prime = 1099511628211, most = 0xffff_ffff;
        ulong hash = offsetBasis;
        foreach (char c in path)
            hash = unchecked((hash ^ c) * prime);
        return (hash ^ hash >> 32) & most | 1UL << 32;
    }

    /// <summary>struct stat.</summary>
    internal static void Fill(Span<byte> stat, VirtualNode node, string path)
    {
        stat[..StatBytes].Clear();
        (uint user, uint group) = Owner();
        BinaryPrimitives.WriteUInt64LittleEndian(stat, VirtualFileSystems.DeviceOf(path));
        BinaryPrimitives.WriteUInt64LittleEndian(stat[8..], InodeOf(path));
        BinaryPrimitives.WriteUInt64LittleEndian(stat[16..], node.Kind == VirtualNodeKind.Directory ? 2UL : 1);
        BinaryPrimitives.WriteUInt32LittleEndian(stat[24..], ModeOf(node));
        BinaryPrimitives.WriteUInt32LittleEndian(stat[28..], user);
        BinaryPrimitives.WriteUInt32LittleEndian(stat[32..], group);
        BinaryPrimitives.WriteUInt64LittleEndian(stat[40..], node.Device.Encoded);
        BinaryPrimitives.WriteUInt64LittleEndian(stat[48..], SizeOf(node));
        BinaryPrimitives.WriteUInt64LittleEndian(stat[56..], BlockBytes);
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        for (int time = 72; time < 120; time += 16)
            BinaryPrimitives.WriteInt64LittleEndian(stat[time..], now);
    }

    /// <summary>struct statx with the basic fields.</summary>
    internal static void FillExtended(Span<byte> statx, VirtualNode node, string path)
    {
        const uint basic = 0x7ff;
        statx[..StatxBytes].Clear();
        (uint user, uint group) = Owner();
        BinaryPrimitives.WriteUInt32LittleEndian(statx, basic);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[4..], BlockBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[16..], node.Kind == VirtualNodeKind.Directory ? 2u : 1);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[20..], user);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[24..], group);
        BinaryPrimitives.WriteUInt16LittleEndian(statx[28..], (ushort)ModeOf(node));
        BinaryPrimitives.WriteUInt64LittleEndian(statx[32..], InodeOf(path));
        BinaryPrimitives.WriteUInt64LittleEndian(statx[40..], SizeOf(node));
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        foreach (int time in (ReadOnlySpan<int>)[64, 96, 112])
            BinaryPrimitives.WriteInt64LittleEndian(statx[time..], now);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[128..], node.Device.Major);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[132..], node.Device.Minor);
        DeviceNumber device = DeviceNumber.Decode(VirtualFileSystems.DeviceOf(path));
        BinaryPrimitives.WriteUInt32LittleEndian(statx[136..], device.Major);
        BinaryPrimitives.WriteUInt32LittleEndian(statx[140..], device.Minor);
    }

    internal static uint ModeOf(VirtualNode node) => (uint)(node.Permissions | node.Kind switch
    {
        VirtualNodeKind.Directory => FileType.Directory,
        VirtualNodeKind.Symlink or VirtualNodeKind.Descriptor => FileType.Link,
        VirtualNodeKind.Device => FileType.CharacterDevice,
        _ => FileType.Regular,
    });

    private static ulong SizeOf(VirtualNode node) => node.Kind == VirtualNodeKind.Descriptor ? LinkBytes : 0;

    private static (uint User, uint Group) Owner() =>
        ((uint)HostStubs.CallQuick(SystemCall.Geteuid), (uint)HostStubs.CallQuick(SystemCall.Getegid));
}
