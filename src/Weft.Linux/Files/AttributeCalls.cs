using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Calls that change a file's mode, owner, times and length.</summary>
internal static class AttributeCalls
{
    private const ulong TimesBytes = 32;
    private const int PermissionBits = 0xfff;

    [SystemCall(SystemCall.Chmod, SupportState.Full)]
    internal static SyscallResult ChangeMode(GuestThread thread, GuestVirtualAddress path, uint mode) =>
        ChangeModeAt2(thread, OpenFlags.CurrentDirectory, path, mode, 0);

    [SystemCall(SystemCall.Fchmodat, SupportState.Full)]
    internal static SyscallResult ChangeModeAt(GuestThread thread, int directory, GuestVirtualAddress path, uint mode) =>
        ChangeModeAt2(thread, directory, path, mode, 0);

    [SystemCall(SystemCall.Fchmodat2, SupportState.Full)]
    internal static SyscallResult ChangeModeAt2(GuestThread thread, int directory, GuestVirtualAddress path, uint mode, int flags)
    {
        if ((flags & ~(OpenFlags.AtNoFollow | OpenFlags.AtEmptyPath)) != 0)
            return Errno.EINVAL;
        Errno error = FindToChange(thread, directory, path, (flags & OpenFlags.AtNoFollow) == 0, (flags & OpenFlags.AtEmptyPath) != 0, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return HostStubs.Call(SystemCall.Fchmodat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), mode & PermissionBits);
    }

    [SystemCall(SystemCall.Fchmod, SupportState.Full)]
    internal static SyscallResult ChangeModeOf(GuestThread thread, int descriptor, uint mode)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        Errno error = RefuseChange(thread, file);
        return error != Errno.None ? error : HostStubs.Call(SystemCall.Fchmod, file.Host, mode & PermissionBits);
    }

    [SystemCall(SystemCall.Chown, SupportState.Full)]
    internal static SyscallResult ChangeOwner(GuestThread thread, GuestVirtualAddress path, uint user, uint group) =>
        ChangeOwnerAt(thread, OpenFlags.CurrentDirectory, path, user, group, 0);

    [SystemCall(SystemCall.Lchown, SupportState.Full)]
    internal static SyscallResult ChangeLinkOwner(GuestThread thread, GuestVirtualAddress path, uint user, uint group) =>
        ChangeOwnerAt(thread, OpenFlags.CurrentDirectory, path, user, group, OpenFlags.AtNoFollow);

    [SystemCall(SystemCall.Fchownat, SupportState.Full)]
    internal static SyscallResult ChangeOwnerAt(GuestThread thread, int directory, GuestVirtualAddress path, uint user, uint group, int flags)
    {
        if ((flags & ~(OpenFlags.AtNoFollow | OpenFlags.AtEmptyPath)) != 0)
            return Errno.EINVAL;
        Errno error = FindToChange(thread, directory, path, (flags & OpenFlags.AtNoFollow) == 0, (flags & OpenFlags.AtEmptyPath) != 0, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return HostStubs.Call(SystemCall.Fchownat, target.Directory, PathScratch.Put(thread.Scratch, PathScratch.Name, ""), user, group, OpenFlags.AtEmptyPath);
    }

    [SystemCall(SystemCall.Fchown, SupportState.Full)]
    internal static SyscallResult ChangeOwnerOf(GuestThread thread, int descriptor, uint user, uint group)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        Errno error = RefuseChange(thread, file);
        return error != Errno.None ? error : HostStubs.Call(SystemCall.Fchown, file.Host, user, group);
    }

    [SystemCall(SystemCall.Umask, SupportState.Full)]
    internal static SyscallResult SetMask(GuestThread thread, int mask) => HostStubs.Call(SystemCall.Umask, mask);

    [SystemCall(SystemCall.Utimensat, SupportState.Full)]
    internal static SyscallResult SetTimesAt(GuestThread thread, int directory, GuestVirtualAddress path, GuestVirtualAddress times, int flags)
    {
        if ((flags & ~(OpenFlags.AtNoFollow | OpenFlags.AtEmptyPath)) != 0)
            return Errno.EINVAL;
        Span<byte> values = thread.Scratch.Span[..(int)TimesBytes];
        if (!times.IsNull && !thread.Memory.TryRead(times, values))
            return Errno.EFAULT;
        if (path.IsNull)
            return directory == OpenFlags.CurrentDirectory ? Errno.EFAULT : flags != 0 ? Errno.EINVAL : SetTimesOf(thread, directory, !times.IsNull);
        return SetTimes(thread, directory, path, flags, !times.IsNull);
    }

    [SystemCall(SystemCall.Utime, SupportState.Full)]
    internal static SyscallResult SetTimesInSeconds(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress times)
    {
        if (!times.IsNull)
        {
            if (!thread.Memory.TryRead(times, out long access) || !thread.Memory.TryRead(times + 8, out long modification))
                return Errno.EFAULT;
            PutTimes(thread, access, 0, modification, 0);
        }
        return SetTimes(thread, OpenFlags.CurrentDirectory, path, 0, !times.IsNull);
    }

    [SystemCall(SystemCall.Utimes, SupportState.Full)]
    internal static SyscallResult SetTimesInMicroseconds(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress times) =>
        SetTimesInMicrosecondsAt(thread, OpenFlags.CurrentDirectory, path, times);

    [SystemCall(SystemCall.Futimesat, SupportState.Full)]
    internal static SyscallResult SetTimesInMicrosecondsAt(GuestThread thread, int directory, GuestVirtualAddress path, GuestVirtualAddress times)
    {
        const long microsecondsPerSecond = 1_000_000, nanosecondsPerMicrosecond = 1000;
        if (!times.IsNull)
        {
            Span<long> values = stackalloc long[4];
            if (!thread.Memory.TryRead(times, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values)))
                return Errno.EFAULT;
            if (values[1] is < 0 or >= microsecondsPerSecond || values[3] is < 0 or >= microsecondsPerSecond)
                return Errno.EINVAL;
            PutTimes(thread, values[0], values[1] * nanosecondsPerMicrosecond, values[2], values[3] * nanosecondsPerMicrosecond);
        }
        return path.IsNull ? SetTimesOf(thread, directory, !times.IsNull) : SetTimes(thread, directory, path, 0, !times.IsNull);
    }

    [SystemCall(SystemCall.Truncate, SupportState.Full)]
    internal static SyscallResult Truncate(GuestThread thread, GuestVirtualAddress path, long length)
    {
        if (length < 0)
            return Errno.EINVAL;
        Errno error = FindToChange(thread, OpenFlags.CurrentDirectory, path, true, false, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
        {
            error = FileSizeLimit.CheckLength(thread, target.Directory, length);
            return error != Errno.None ? error : thread.Block(SystemCall.Truncate, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), length);
        }
    }

    [SystemCall(SystemCall.Ftruncate, SupportState.Full)]
    internal static SyscallResult TruncateDescriptor(GuestThread thread, int descriptor, long length)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is VirtualFile or VirtualDirectory or DeviceFile)
            return Errno.EINVAL;
        Errno error = FileSizeLimit.CheckLength(thread, file.Host, length);
        return error != Errno.None ? error : thread.Block(SystemCall.Ftruncate, file.Host, length);
    }

    [SystemCall(SystemCall.Fallocate, SupportState.Full)]
    internal static SyscallResult Allocate(GuestThread thread, int descriptor, int mode, long offset, long length)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is VirtualFile or VirtualDirectory or DeviceFile)
            return Errno.EBADF;
        const int keepSize = 1;
        Errno error = (mode & keepSize) != 0 ? Errno.None : FileSizeLimit.CheckLength(thread, file.Host, unchecked(offset + length));
        const int takesAway = 2 | 8;
        if (error == Errno.None && length > 0 && (mode & takesAway) == 0)
            thread.Process.BeforeGrowth(file.Description, (ulong)length);
        return error != Errno.None ? error : thread.Block(SystemCall.Fallocate, file.Host, mode, offset, length);
    }

    /// <summary>Finds an object that the call changes: EPERM in the VM's own view, EROFS in a read-only mount.</summary>
    internal static Errno FindToChange(GuestThread thread, int directory, GuestVirtualAddress path, bool follow, bool allowEmpty, out PathTarget target)
    {
        target = default;
        Errno error = PathText.Read(thread, path, out PathText text);
        if (error == Errno.None)
            error = thread.Process.Paths.FindObject(thread, directory, text, follow, allowEmpty, out target);
        if (error != Errno.None)
            return error;
        error = target.Node is not null || target.Directory < 0 ? Errno.EPERM
            : target.IsReadOnly || IsForeign(thread, target.Mount, target.IsObject ? target.Directory : -1) ? Errno.EROFS : Errno.None;
        if (error != Errno.None)
            target.Dispose();
        return error;
    }

    /// <summary>The same for a descriptor.</summary>
    internal static Errno RefuseChange(GuestThread thread, in FileLease file) =>
        !file.IsOpen ? Errno.EBADF
        : file.Description is VirtualFile or VirtualDirectory or DeviceFile ? Errno.EPERM
        : file.Description.Mount is { IsReadOnly: true } || IsForeignFile(thread, file) ? Errno.EROFS : Errno.None;

    /// <summary>
    /// What came from outside of the mounts keeps its attributes with --read-only; a device does wherever the VM has a root
    /// of its own too, for it is the host's.
    /// </summary>
    private static bool IsForeign(GuestThread thread, Mount? mount, int host)
    {
        MountTable mounts = thread.Process.Paths.Mounts;
        if (mount is not null || !mounts.KeepsDevices)
            return false;
        return mounts.IsReadOnly || host >= 0 && (HostFile.Mode(thread.Scratch, host) & FileType.Mask) is FileType.CharacterDevice or FileType.BlockDevice;
    }

    private static bool IsForeignFile(GuestThread thread, in FileLease file) =>
        IsForeign(thread, file.Description.Mount, file.Host)
        && (HostFile.Mode(thread.Scratch, file.Host) & FileType.Mask) is FileType.Regular or FileType.Directory or FileType.CharacterDevice or FileType.BlockDevice
        && !IsMemoryFile(thread, file);

    private static bool IsMemoryFile(GuestThread thread, in FileLease file) =>
        HostFile.PathOf(thread.Scratch, file.Host).StartsWith("/memfd:", StringComparison.Ordinal);

    private static void PutTimes(GuestThread thread, long accessSeconds, long accessNanoseconds, long modificationSeconds, long modificationNanoseconds)
    {
        Span<byte> times = thread.Scratch.Span;
        BitConverter.TryWriteBytes(times, accessSeconds);
        BitConverter.TryWriteBytes(times[8..], accessNanoseconds);
        BitConverter.TryWriteBytes(times[16..], modificationSeconds);
        BitConverter.TryWriteBytes(times[24..], modificationNanoseconds);
    }

    private static SyscallResult SetTimes(GuestThread thread, int directory, GuestVirtualAddress path, int flags, bool hasTimes)
    {
        Errno error = FindToChange(thread, directory, path, (flags & OpenFlags.AtNoFollow) == 0, (flags & OpenFlags.AtEmptyPath) != 0, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return HostStubs.Call(SystemCall.Utimensat, OpenFlags.CurrentDirectory, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory),
                hasTimes ? (long)thread.Scratch.Address.Value : 0, 0);
    }

    private static SyscallResult SetTimesOf(GuestThread thread, int descriptor, bool hasTimes)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        Errno error = RefuseChange(thread, file);
        return error != Errno.None ? error
            : HostStubs.Call(SystemCall.Utimensat, file.Host, 0, hasTimes ? (long)thread.Scratch.Address.Value : 0, 0);
    }
}
