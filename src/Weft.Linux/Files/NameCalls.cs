using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Calls that make, remove and rename names.</summary>
internal static class NameCalls
{
    [SystemCall(SystemCall.Mkdir, SupportState.Full)]
    internal static SyscallResult MakeDirectory(GuestThread thread, GuestVirtualAddress path, uint mode) =>
        MakeDirectoryAt(thread, OpenFlags.CurrentDirectory, path, mode);

    [SystemCall(SystemCall.Mkdirat, SupportState.Full)]
    internal static SyscallResult MakeDirectoryAt(GuestThread thread, int directory, GuestVirtualAddress path, uint mode)
    {
        Errno error = FindEntry(thread, directory, path, true, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return HostStubs.Call(SystemCall.Mkdirat, target.Directory, target.Name, mode);
    }

    [SystemCall(SystemCall.Mknod, SupportState.Partly, Missing = "device nodes are refused (EPERM) where --root, --bind or --read-only narrow the files")]
    internal static SyscallResult MakeNode(GuestThread thread, GuestVirtualAddress path, uint mode, uint device) =>
        MakeNodeAt(thread, OpenFlags.CurrentDirectory, path, mode, device);

    [SystemCall(SystemCall.Mknodat, SupportState.Partly, Missing = "device nodes are refused (EPERM) where --root, --bind or --read-only narrow the files")]
    internal static SyscallResult MakeNodeAt(GuestThread thread, int directory, GuestVirtualAddress path, uint mode, uint device)
    {
        // A device node would be a door out of the narrowed files for a privileged VMM.
        bool isDevice = (mode & FileType.Mask) is FileType.BlockDevice or FileType.CharacterDevice;
        if (isDevice && thread.Process.Paths.Mounts.IsNarrowed)
            return Errno.EPERM;
        Errno error = FindEntry(thread, directory, path, true, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return HostStubs.Call(SystemCall.Mknodat, target.Directory, target.Name, mode, device);
    }

    [SystemCall(SystemCall.Unlink, SupportState.Full)]
    internal static SyscallResult Unlink(GuestThread thread, GuestVirtualAddress path) =>
        UnlinkAt(thread, OpenFlags.CurrentDirectory, path, 0);

    [SystemCall(SystemCall.Rmdir, SupportState.Full)]
    internal static SyscallResult RemoveDirectory(GuestThread thread, GuestVirtualAddress path) =>
        UnlinkAt(thread, OpenFlags.CurrentDirectory, path, OpenFlags.AtRemoveDirectory);

    [SystemCall(SystemCall.Unlinkat, SupportState.Full)]
    internal static SyscallResult UnlinkAt(GuestThread thread, int directory, GuestVirtualAddress path, int flags)
    {
        if ((flags & ~OpenFlags.AtRemoveDirectory) != 0)
            return Errno.EINVAL;
        Errno error = FindEntry(thread, directory, path, false, out PathTarget target);
        if (error != Errno.None)
            return error;
        using (target)
            return target.IsMountPoint ? Errno.EBUSY : HostStubs.Call(SystemCall.Unlinkat, target.Directory, target.Name, flags);
    }

    [SystemCall(SystemCall.Symlink, SupportState.Full)]
    internal static SyscallResult MakeLink(GuestThread thread, GuestVirtualAddress text, GuestVirtualAddress path) =>
        MakeLinkAt(thread, text, OpenFlags.CurrentDirectory, path);

    [SystemCall(SystemCall.Symlinkat, SupportState.Full)]
    internal static SyscallResult MakeLinkAt(GuestThread thread, GuestVirtualAddress text, int directory, GuestVirtualAddress path)
    {
        Errno error = PathText.Read(thread, text, out PathText target, PathScratch.SecondPath);
        if (error != Errno.None)
            return error;
        if (target.IsEmpty)
            return Errno.ENOENT;
        error = FindEntry(thread, directory, path, true, out PathTarget place);
        if (error != Errno.None)
            return error;
        using (place)
            return HostStubs.Call(SystemCall.Symlinkat, target.Address, place.Directory, place.Name);
    }

    [SystemCall(SystemCall.Link, SupportState.Full)]
    internal static SyscallResult Link(GuestThread thread, GuestVirtualAddress from, GuestVirtualAddress to) =>
        LinkAt(thread, OpenFlags.CurrentDirectory, from, OpenFlags.CurrentDirectory, to, 0);

    [SystemCall(SystemCall.Linkat, SupportState.Full)]
    internal static SyscallResult LinkAt(GuestThread thread, int fromDirectory, GuestVirtualAddress from, int toDirectory, GuestVirtualAddress to, int flags)
    {
        if ((flags & ~(OpenFlags.AtFollow | OpenFlags.AtEmptyPath)) != 0)
            return Errno.EINVAL;
        Errno error = PathText.Read(thread, from, out PathText text);
        if (error != Errno.None)
            return error;
        bool allowEmpty = (flags & OpenFlags.AtEmptyPath) != 0;
        error = thread.Process.Paths.FindObject(thread, fromDirectory, text, (flags & OpenFlags.AtFollow) != 0, allowEmpty, out PathTarget source);
        if (error != Errno.None)
            return error;
        using (source)
        {
            error = FindEntry(thread, toDirectory, to, true, out PathTarget place, PathScratch.SecondPath, PathScratch.SecondName);
            if (error != Errno.None)
                return error;
            using (place)
            {
                if (source.Node is not null || source.Mount != place.Mount)
                    return Errno.EXDEV;
                // The VMM's magic link leads to the object that was found, whatever stands at its path by now.
                long path = PathScratch.PutDescriptorPath(thread.Scratch, source.Directory, PathScratch.Link);
                return HostStubs.Call(SystemCall.Linkat, OpenFlags.CurrentDirectory, path, place.Directory, place.Name, OpenFlags.AtFollow);
            }
        }
    }

    [SystemCall(SystemCall.Rename, SupportState.Full)]
    internal static SyscallResult Rename(GuestThread thread, GuestVirtualAddress from, GuestVirtualAddress to) =>
        RenameAt2(thread, OpenFlags.CurrentDirectory, from, OpenFlags.CurrentDirectory, to, 0);

    [SystemCall(SystemCall.Renameat, SupportState.Full)]
    internal static SyscallResult RenameAt(GuestThread thread, int fromDirectory, GuestVirtualAddress from, int toDirectory, GuestVirtualAddress to) =>
        RenameAt2(thread, fromDirectory, from, toDirectory, to, 0);

    [SystemCall(SystemCall.Renameat2, SupportState.Full)]
    internal static SyscallResult RenameAt2(GuestThread thread, int fromDirectory, GuestVirtualAddress from, int toDirectory, GuestVirtualAddress to, uint flags)
    {
        const uint whiteout = 4, known = 7;
        if ((flags & ~known) != 0)
            return Errno.EINVAL;
        if ((flags & whiteout) != 0 && thread.Process.Paths.Mounts.IsNarrowed)
            return Errno.EPERM;
        Errno error = FindEntry(thread, fromDirectory, from, false, out PathTarget source);
        if (error != Errno.None)
            return error;
        using (source)
        {
            PathResolver paths = thread.Process.Paths;
            error = PathText.Read(thread, to, out PathText text, PathScratch.SecondPath);
            PathTarget place = default;
            if (error == Errno.None)
                error = paths.FindEntry(thread, toDirectory, text, out place, PathScratch.SecondName);
            if (error != Errno.None)
                return error;
            using (place)
            {
                if (place.Mount != source.Mount)
                    return Errno.EXDEV;
                return Refusal(place) is var refusal && refusal != Errno.None ? refusal
                    : place.IsMountPoint || source.IsMountPoint ? Errno.EBUSY
                    : HostStubs.Call(SystemCall.Renameat2, source.Directory, source.Name, place.Directory, place.Name, flags);
            }
        }
    }

    private static Errno FindEntry(GuestThread thread, int directory, GuestVirtualAddress path, bool creates, out PathTarget target, int pathOffset = PathScratch.FirstPath, int nameOffset = PathScratch.FirstName)
    {
        target = default;
        Errno error = PathText.Read(thread, path, out PathText text, pathOffset);
        if (error != Errno.None)
            return error;
        error = thread.Process.Paths.FindEntry(thread, directory, text, out target, nameOffset);
        if (error != Errno.None)
            return error;
        error = Refusal(target);
        if (error == Errno.EROFS && Exists(target) == creates)
            error = creates ? Errno.EEXIST : Errno.ENOENT;
        if (error != Errno.None)
            target.Dispose();
        return error;
    }

    private static Errno Refusal(in PathTarget target) =>
        target.Directory < 0 ? Errno.EPERM : target.IsReadOnly ? Errno.EROFS : Errno.None;

    private static bool Exists(in PathTarget target) =>
        HostStubs.Call(SystemCall.Faccessat2, target.Directory, target.Name, 0, OpenFlags.AtNoFollow) == 0;
}
