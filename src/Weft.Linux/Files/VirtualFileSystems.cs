using System.Buffers.Binary;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>The host's file systems in whose place the VM's own view stands: /proc, /sys and /dev show their device numbers and sizes.</summary>
internal static class VirtualFileSystems
{
    private const int StatusBytes = 256, FileSystemBytes = 120, PathAt = 1024, BufferBytes = PathAt + 2 * PathScratch.MostPathBytes;
    private static readonly uint ProcDevice = DeviceAt("/proc"), SysDevice = DeviceAt("/sys"), DevDevice = DeviceAt("/dev");

    /// <summary>st_dev of what stands at a virtual path; below 2^20, for all of them are without a disk.</summary>
    internal static uint DeviceOf(string path) => RootOf(path) switch { "/sys" => SysDevice, "/dev" => DevDevice, _ => ProcDevice };

    /// <summary>struct statfs of a virtual path's file system, 120 bytes. False when the host has none there.</summary>
    internal static bool TryFill(Span<byte> status, string path)
    {
        using NativeBuffer buffer = new(BufferBytes);
        if (HostStubs.Call(SystemCall.Statfs, PathScratch.Put(buffer, PathAt, RootOf(path)), (long)buffer.Address.Value) < 0)
            return false;
        buffer.Span[..FileSystemBytes].CopyTo(status);
        return true;
    }

    private static string RootOf(string path) =>
        path.StartsWith("/sys", StringComparison.Ordinal) ? "/sys" : path.StartsWith("/dev", StringComparison.Ordinal) ? "/dev" : "/proc";

    private static uint DeviceAt(string path)
    {
        using NativeBuffer buffer = new(BufferBytes);
        return HostStubs.Call(SystemCall.Stat, PathScratch.Put(buffer, PathAt, path), (long)buffer.Address.Value) < 0 ? 0
            : (uint)BinaryPrimitives.ReadUInt64LittleEndian(buffer.Span[..StatusBytes]);
    }
}
