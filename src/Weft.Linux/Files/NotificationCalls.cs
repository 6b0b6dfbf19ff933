using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>inotify(7); fanotify is refused.</summary>
internal static class NotificationCalls
{
    private const uint DoNotFollow = 0x02000000;

    [SystemCall(SystemCall.InotifyInit, SupportState.Full)]
    internal static SyscallResult Create(GuestThread thread) => CreateWithFlags(thread, 0);

    [SystemCall(SystemCall.InotifyInit1, SupportState.Full)]
    internal static SyscallResult CreateWithFlags(GuestThread thread, int flags) =>
        thread.Files.InstallHost(HostStubs.Call(SystemCall.InotifyInit1, flags | OpenFlags.CloseOnExec), (flags & OpenFlags.CloseOnExec) != 0);

    [SystemCall(SystemCall.InotifyAddWatch, SupportState.Partly, Missing = "files of the VM's own view can't be watched (EACCES)")]
    internal static SyscallResult Add(GuestThread thread, int descriptor, GuestVirtualAddress path, uint mask)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        Errno error = PathText.Read(thread, path, out PathText text);
        PathTarget target = default;
        if (error == Errno.None)
            error = thread.Process.Paths.FindObject(thread, OpenFlags.CurrentDirectory, text, (mask & DoNotFollow) == 0, false, out target);
        if (error != Errno.None)
            return error;
        using (target)
            return target.Node is not null || target.Directory < 0 ? Errno.EACCES
                : HostStubs.Call(SystemCall.InotifyAddWatch, file.Host, PathScratch.PutDescriptorPath(thread.Scratch, target.Directory), mask & ~DoNotFollow);
    }

    [SystemCall(SystemCall.InotifyRmWatch, SupportState.Full)]
    internal static SyscallResult Remove(GuestThread thread, int descriptor, int watch)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        return file.IsOpen ? HostStubs.Call(SystemCall.InotifyRmWatch, file.Host, watch) : Errno.EBADF;
    }
}
