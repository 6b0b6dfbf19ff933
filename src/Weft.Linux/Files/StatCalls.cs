using System.Text;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>stat(2), access(2) and readlink(2) in all their forms.</summary>
internal static class StatCalls
{
    private const int KnownFlags = OpenFlags.AtNoFollow | OpenFlags.AtNoAutomount | OpenFlags.AtEmptyPath;

    [SystemCall(SystemCall.Stat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Stat(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress status) =>
        StatAt(thread, OpenFlags.CurrentDirectory, path, status, 0);

    [SystemCall(SystemCall.Lstat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult StatLink(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress status) =>
        StatAt(thread, OpenFlags.CurrentDirectory, path, status, OpenFlags.AtNoFollow);

    [SystemCall(SystemCall.Fstat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult StatDescriptor(GuestThread thread, int descriptor, GuestVirtualAddress status)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        Span<byte> result = thread.Scratch.Span[..VirtualStatus.StatBytes];
        if (file.Description is VirtualDirectory directory)
            VirtualStatus.Fill(result, directory.Node, directory.VirtualPath);
        else if (file.Description is DeviceFile device)
            VirtualStatus.Fill(result, device.Node, device.Path);
        else if (HostStubs.Call(SystemCall.Fstat, file.Host, (long)thread.Scratch.Address.Value) is < 0 and long failed)
            return failed;
        return thread.Memory.TryWrite(status, result) ? SyscallResult.Success : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Newfstatat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult StatAt(GuestThread thread, int directory, GuestVirtualAddress path, GuestVirtualAddress status, int flags)
    {
        if ((flags & ~KnownFlags) != 0)
            return Errno.EINVAL;
        bool allowEmpty = (flags & OpenFlags.AtEmptyPath) != 0;
        // Linux takes a null pointer for an empty path here since 6.11.
        if (allowEmpty && directory != OpenFlags.CurrentDirectory && IsEmpty(thread, path))
            return StatDescriptor(thread, directory, status);
        Errno error = PathText.Read(thread, path, out PathText text);
        if (error != Errno.None)
            return error;
        error = thread.Process.Paths.FindToLook(thread, directory, text, (flags & OpenFlags.AtNoFollow) == 0, allowEmpty, out PathTarget target);
        return error != Errno.None ? error : StatTarget(thread, target, status, flags);
    }

    [SystemCall(SystemCall.Statx, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult StatExtended(GuestThread thread, int directory, GuestVirtualAddress path, int flags, uint mask, GuestVirtualAddress status)
    {
        const int syncType = 0x6000;
        if ((flags & ~(KnownFlags | syncType)) != 0 || (flags & syncType) == syncType || (int)mask < 0)
            return Errno.EINVAL;
        bool allowEmpty = (flags & OpenFlags.AtEmptyPath) != 0;
        PathText text = default;
        Errno error = allowEmpty && path.IsNull ? Errno.None : PathText.Read(thread, path, out text);
        if (error == Errno.None && text.IsEmpty)
            text = PathText.Put(thread.Scratch, "");
        PathTarget target = default;
        if (error == Errno.None)
            error = thread.Process.Paths.FindToLook(thread, directory, text, (flags & OpenFlags.AtNoFollow) == 0, allowEmpty, out target);
        if (error != Errno.None)
            return error;
        using (target)
        {
            Span<byte> result = thread.Scratch.Span[..VirtualStatus.StatxBytes];
            if (target.Node is { } node)
                VirtualStatus.FillExtended(result, node, target.VirtualPath);
            else if (HostStubs.Call(SystemCall.Statx, target.Directory, target.Name, flags | target.EmptyPathFlag, mask, (long)thread.Scratch.Address.Value) is < 0 and long failed)
                return failed;
            return thread.Memory.TryWrite(status, result) ? SyscallResult.Success : Errno.EFAULT;
        }
    }

    [SystemCall(SystemCall.Access, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Access(GuestThread thread, GuestVirtualAddress path, int mode) =>
        AccessAt2(thread, OpenFlags.CurrentDirectory, path, mode, 0);

    [SystemCall(SystemCall.Faccessat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult AccessAt(GuestThread thread, int directory, GuestVirtualAddress path, int mode) =>
        AccessAt2(thread, directory, path, mode, 0);

    [SystemCall(SystemCall.Faccessat2, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult AccessAt2(GuestThread thread, int directory, GuestVirtualAddress path, int mode, int flags)
    {
        const int all = 7, write = 2, execute = 1;
        if ((mode & ~all) != 0 || (flags & ~(OpenFlags.AtEffectiveAccess | OpenFlags.AtNoFollow | OpenFlags.AtEmptyPath)) != 0)
            return Errno.EINVAL;
        Errno error = PathText.Read(thread, path, out PathText text);
        PathTarget target = default;
        if (error == Errno.None)
            error = thread.Process.Paths.FindToLook(thread, directory, text, (flags & OpenFlags.AtNoFollow) == 0, (flags & OpenFlags.AtEmptyPath) != 0, out target);
        if (error != Errno.None)
            return error;
        using (target)
        {
            if (target.Node is { } node)
                return (mode & write) != 0 && (node.Permissions & 0x92) == 0 || (mode & execute) != 0 && (node.Permissions & 0x49) == 0
                    ? Errno.EACCES : SyscallResult.Success;
            long result = HostStubs.Call(SystemCall.Faccessat2, target.Directory, target.Name, mode, flags | target.EmptyPathFlag);
            if (result != 0 || (mode & write) == 0 || !target.IsReadOnly || !target.IsObject)
                return result;
            long type = HostFile.Mode(thread.Scratch, target.Directory) & FileType.Mask;
            return type is FileType.Regular or FileType.Directory or FileType.Link ? Errno.EROFS : SyscallResult.Success;
        }
    }

    [SystemCall(SystemCall.Readlink, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult ReadLink(GuestThread thread, GuestVirtualAddress path, GuestVirtualAddress buffer, int length) =>
        ReadLinkAt(thread, OpenFlags.CurrentDirectory, path, buffer, length);

    [SystemCall(SystemCall.Readlinkat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult ReadLinkAt(GuestThread thread, int directory, GuestVirtualAddress path, GuestVirtualAddress buffer, int length)
    {
        if (length <= 0)
            return Errno.EINVAL;
        Errno error = PathText.Read(thread, path, out PathText text);
        bool isEmpty = error == Errno.None && text.IsEmpty;
        PathTarget target = default;
        if (error == Errno.None)
            error = thread.Process.Paths.FindToLook(thread, directory, text, false, directory != OpenFlags.CurrentDirectory, out target);
        if (error != Errno.None)
            return error;
        using (target)
        {
            int most = Math.Min(length, PathScratch.MostPathBytes);
            long result = target.Node is { } node ? LinkText(thread, node)
                : HostStubs.Call(SystemCall.Readlinkat, target.Directory, target.Name, (long)thread.Scratch.Address.Value + PathScratch.Link, PathScratch.MostPathBytes);
            // The object itself stands in for the path: the host's answer for an empty path is not ours.
            if (result == -(long)Errno.ENOENT && target.IsObject && !isEmpty)
                return Errno.EINVAL;
            if (result < 0)
                return result;
            int count = (int)Math.Min(result, most);
            return thread.Memory.TryWrite(buffer, thread.Scratch.Span.Slice(PathScratch.Link, count)) ? count : Errno.EFAULT;
        }
    }

    /// <summary>The text of a link of the VM's own view, into the scratch memory.</summary>
    private static long LinkText(GuestThread thread, VirtualNode node)
    {
        string text;
        if (node.Kind == VirtualNodeKind.Symlink)
            text = MountTable.Bytes(node.Target);
        else if (node.Kind == VirtualNodeKind.Descriptor)
        {
            using FileLease file = thread.Files.Rent(node.DescriptorNumber);
            if (!file.IsOpen)
                return -(long)Errno.ENOENT;
            text = thread.Process.Paths.Describe(thread.Scratch, file.Description);
        }
        else
            return -(long)Errno.EINVAL;
        return Encoding.Latin1.GetBytes(text.AsSpan(0, Math.Min(text.Length, PathScratch.MostPathBytes)), thread.Scratch.Span[PathScratch.Link..]);
    }

    private static bool IsEmpty(GuestThread thread, GuestVirtualAddress path) =>
        path.IsNull || (thread.Memory.TryRead(path, out byte first) && first == 0);

    private static SyscallResult StatTarget(GuestThread thread, PathTarget target, GuestVirtualAddress status, int flags)
    {
        using (target)
        {
            Span<byte> result = thread.Scratch.Span[..VirtualStatus.StatBytes];
            if (target.Node is { } node)
                VirtualStatus.Fill(result, node, target.VirtualPath);
            else if (HostStubs.Call(SystemCall.Newfstatat, target.Directory, target.Name, (long)thread.Scratch.Address.Value, flags | target.EmptyPathFlag) is < 0 and long failed)
                return failed;
            return thread.Memory.TryWrite(status, result) ? SyscallResult.Success : Errno.EFAULT;
        }
    }
}
