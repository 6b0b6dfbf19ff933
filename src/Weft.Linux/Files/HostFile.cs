using System.Text;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Questions about the VMM's descriptors, by quick system calls. Buffers are the caller's scratch memory.</summary>
internal static class HostFile
{
    private const long ProcMagic = 0x9fa0;
    private const int ModeOffset = 24;

    internal static void Close(int descriptor) => HostStubs.Call(SystemCall.Close, descriptor);

    /// <summary>Opens one name, or an absolute path of the VMM's own making, as O_PATH without following it. -errno on failure.</summary>
    internal static long OpenPath(NativeBuffer scratch, int directory, string name, int flags = OpenFlags.NoFollow) =>
        HostStubs.Call(SystemCall.Openat, directory, PathScratch.Put(scratch, PathScratch.Name, name), OpenFlags.Path | OpenFlags.CloseOnExec | flags);

    /// <summary>Opens anew what a descriptor refers to.</summary>
    internal static long Duplicate(int descriptor)
    {
        const int duplicateCloseOnExec = 1030;
        return HostStubs.CallQuick(SystemCall.Fcntl, descriptor, duplicateCloseOnExec, 3);
    }

    /// <summary>Opens anew what a descriptor names, be it one by O_PATH. -errno on failure.</summary>
    internal static long OpenAgain(NativeBuffer scratch, int descriptor, bool writable) =>
        HostStubs.Call(SystemCall.Openat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(scratch, descriptor),
            OpenFlags.CloseOnExec | (writable ? OpenFlags.ReadWrite : OpenFlags.ReadOnly));

    /// <summary>Whether the VMM's user may access what a descriptor names: R_OK and W_OK.</summary>
    internal static bool MayAccess(NativeBuffer scratch, int descriptor, int access)
    {
        scratch.Span[PathScratch.Link] = 0;
        return HostStubs.Call(SystemCall.Faccessat2, descriptor, (long)scratch.Address.Value + PathScratch.Link, access,
            OpenFlags.AtEmptyPath | OpenFlags.AtEffectiveAccess) == 0;
    }

    /// <summary>st_mode, or -errno.</summary>
    internal static long Mode(NativeBuffer scratch, int descriptor)
    {
        long result = HostStubs.Call(SystemCall.Fstat, descriptor, (long)scratch.Address.Value + PathScratch.Status);
        return result < 0 ? result : BitConverter.ToInt32(scratch.Span[(PathScratch.Status + ModeOffset)..]);
    }

    internal static bool IsDirectory(NativeBuffer scratch, int descriptor) => (Mode(scratch, descriptor) & FileType.Mask) == FileType.Directory;

    /// <summary>st_dev and st_ino; null when the descriptor is bad.</summary>
    internal static (ulong Device, ulong Inode, ulong Links)? Identity(NativeBuffer scratch, int descriptor)
    {
        if (HostStubs.Call(SystemCall.Fstat, descriptor, (long)scratch.Address.Value + PathScratch.Status) < 0)
            return null;
        ReadOnlySpan<byte> status = scratch.Span[PathScratch.Status..];
        return (BitConverter.ToUInt64(status), BitConverter.ToUInt64(status[8..]), BitConverter.ToUInt64(status[16..]));
    }

    /// <summary>The text of a symbolic link that was opened with O_PATH; null when it is not a link.</summary>
    internal static string? LinkText(NativeBuffer scratch, int descriptor, string name = "")
    {
        long result = HostStubs.Call(SystemCall.Readlinkat, descriptor, PathScratch.Put(scratch, PathScratch.Name, name),
            (long)scratch.Address.Value + PathScratch.Link, PathScratch.MostPathBytes);
        return result < 0 ? null : Encoding.Latin1.GetString(scratch.Span.Slice(PathScratch.Link, (int)result));
    }

    /// <summary>The host's path of a descriptor, as the host's kernel tells it, or "".</summary>
    internal static string PathOf(NativeBuffer scratch, int descriptor)
    {
        long path = PathScratch.PutDescriptorPath(scratch, descriptor);
        long result = HostStubs.Call(SystemCall.Readlinkat, OpenFlags.CurrentDirectory, path,
            (long)scratch.Address.Value + PathScratch.Link, PathScratch.MostPathBytes);
        return result < 0 ? "" : Encoding.Latin1.GetString(scratch.Span.Slice(PathScratch.Link, (int)result));
    }

    /// <summary>f_type of the file system that a descriptor is on, or -errno.</summary>
    internal static long FileSystem(NativeBuffer scratch, int descriptor)
    {
        long result = HostStubs.CallQuick(SystemCall.Fstatfs, descriptor, (long)scratch.Address.Value + PathScratch.Status);
        return result < 0 ? result : BitConverter.ToInt64(scratch.Span[PathScratch.Status..]);
    }

    /// <summary>Whether a descriptor is on a procfs, where the host shows the VMM.</summary>
    internal static bool IsOnProc(NativeBuffer scratch, int descriptor) => FileSystem(scratch, descriptor) == ProcMagic;

    /// <summary>Whether a descriptor is one of procfs's files about the VMM itself, wherever that procfs is mounted.</summary>
    internal static bool ShowsVmm(NativeBuffer scratch, int descriptor, int processId)
    {
        if (!IsOnProc(scratch, descriptor))
            return false;
        foreach (string name in PathOf(scratch, descriptor).Split('/'))
            if (int.TryParse(name, out int id) && id > 0
                && (id == processId || HostStubs.CallQuick(SystemCall.Tgkill, processId, id, 0) == 0))
                return true;
        return false;
    }
}
