using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Calls that write files back or advise about them.</summary>
internal static class SyncCalls
{
    [SystemCall(SystemCall.Fsync, SupportState.Full)]
    internal static SyscallResult Sync(GuestThread thread, int descriptor) => On(thread, SystemCall.Fsync, descriptor);

    [SystemCall(SystemCall.Fdatasync, SupportState.Full)]
    internal static SyscallResult SyncData(GuestThread thread, int descriptor) => On(thread, SystemCall.Fdatasync, descriptor);

    [SystemCall(SystemCall.Syncfs, SupportState.Full)]
    internal static SyscallResult SyncFileSystem(GuestThread thread, int descriptor) => On(thread, SystemCall.Syncfs, descriptor);

    [SystemCall(SystemCall.Sync, SupportState.Full)]
    internal static SyscallResult SyncAll(GuestThread thread) => thread.Block(SystemCall.Sync);

    [SystemCall(SystemCall.SyncFileRange, SupportState.Full)]
    internal static SyscallResult SyncRange(GuestThread thread, int descriptor, long offset, long length, uint flags) =>
        On(thread, SystemCall.SyncFileRange, descriptor, offset, length, flags);

    [SystemCall(SystemCall.Fadvise64, SupportState.Full)]
    internal static SyscallResult Advise(GuestThread thread, int descriptor, long offset, long length, int advice) =>
        On(thread, SystemCall.Fadvise64, descriptor, offset, length, advice);

    [SystemCall(SystemCall.Readahead, SupportState.Full)]
    internal static SyscallResult ReadAhead(GuestThread thread, int descriptor, long offset, ulong count) =>
        On(thread, SystemCall.Readahead, descriptor, offset, (long)count);

    [SystemCall(SystemCall.Statfs, SupportState.Full)]
    internal static SyscallResult StatFileSystem(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress status)
    {
        Errno error = PathText.Read(thread, path, out PathText text);
        PathTarget target = default;
        if (error == Errno.None)
            error = thread.Process.Paths.FindObject(thread, OpenFlags.CurrentDirectory, text, true, false, out target);
        if (error != Errno.None)
            return error;
        using (target)
            return Fill(thread, target.Directory, target.Node is null ? null : target.VirtualPath, target.IsReadOnly, status);
    }

    [SystemCall(SystemCall.Fstatfs, SupportState.Full)]
    internal static SyscallResult StatFileSystemOf(GuestThread thread, int descriptor, GuestVirtualAddress status)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        string? made = file.Description switch { VirtualFile one => one.Path, VirtualDirectory one => one.VirtualPath, DeviceFile one => one.Path, _ => null };
        return Fill(thread, file.Host, made, file.Description.Mount is { IsReadOnly: true }, status);
    }

    private static SyscallResult On(GuestThread thread, SystemCall call, int descriptor, long a1 = 0, long a2 = 0, long a3 = 0)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        return file.Description is VirtualFile or VirtualDirectory or DeviceFile ? Errno.EINVAL : thread.Block(call, file.Host, a1, a2, a3);
    }

    /// <summary>struct statfs: f_type, …, f_flags at 80. Source: asm-generic/statfs.h.</summary>
    private static SyscallResult Fill(GuestThread thread, int host, string? virtualPath, bool isReadOnly, GuestVirtualAddress destination)
    {
        const int bytes = 120, flags = 80;
        const long readOnly = 1;
        Span<byte> status = thread.Scratch.Span[..bytes];
        if (virtualPath is not null)
        {
            if (!VirtualFileSystems.TryFill(status, virtualPath))
                return Errno.ENOSYS;
        }
        else if (HostStubs.Call(SystemCall.Fstatfs, host, (long)thread.Scratch.Address.Value) is < 0 and long failed)
            return failed;
        if (isReadOnly)
            BitConverter.TryWriteBytes(status[flags..], BitConverter.ToInt64(status[flags..]) | readOnly);
        return thread.Memory.TryWrite(destination, status) ? SyscallResult.Success : Errno.EFAULT;
    }
}
