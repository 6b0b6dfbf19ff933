using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>open(2) and its like, and close.</summary>
internal static class OpenCalls
{
    private const int PermissionBits = 0xfff;

    [SystemCall(SystemCall.Open, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Open(GuestThread thread, GuestVirtualAddress path, int flags, uint mode) =>
        OpenAt(thread, OpenFlags.CurrentDirectory, path, flags, mode);

    [SystemCall(SystemCall.Creat, SupportState.Full)]
    internal static SyscallResult Create(GuestThread thread, GuestVirtualAddress path, uint mode) =>
        OpenAt(thread, OpenFlags.CurrentDirectory, path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, mode);

    [SystemCall(SystemCall.Openat, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult OpenAt(GuestThread thread, int directory, GuestVirtualAddress path, int flags, uint mode)
    {
        Errno error = PathText.Read(thread, path, out PathText text);
        if (error != Errno.None)
            return error;
        flags &= OpenFlags.Known;
        bool creates = (flags & (OpenFlags.Create | OpenFlags.Temporary)) != 0 && (flags & OpenFlags.Path) == 0;
        return thread.Process.Paths.Open(thread, directory, text, flags, creates ? (int)(mode & PermissionBits) : 0);
    }

    [SystemCall(SystemCall.Openat2, SupportState.Partly, Missing = "magic links are never followed by the host; with --bind, RESOLVE_BENEATH and RESOLVE_IN_ROOT don't see binds below the directory")]
    internal static SyscallResult OpenAt2(GuestThread thread, int directory, GuestVirtualAddress path, GuestVirtualAddress how, ulong size)
    {
        const ulong smallest = 24, largest = 4096;
        const ulong known = OpenFlags.ResolveNoCrossing | OpenFlags.ResolveNoMagicLinks | OpenFlags.ResolveNoSymlinks
            | OpenFlags.ResolveBeneath | OpenFlags.ResolveInRoot | OpenFlags.ResolveCached;
        if (size < smallest)
            return Errno.EINVAL;
        if (size > largest)
            return Errno.E2BIG;
        Span<byte> request = stackalloc byte[(int)largest];
        request = request[..(int)size];
        if (!thread.Memory.TryRead(how, request))
            return Errno.EFAULT;
        if (request[(int)smallest..].IndexOfAnyExcept((byte)0) >= 0)
            return Errno.E2BIG;
        ulong flags = BitConverter.ToUInt64(request), mode = BitConverter.ToUInt64(request[8..]), resolve = BitConverter.ToUInt64(request[16..]);
        bool creates = (flags & (OpenFlags.Create | OpenFlags.Temporary)) != 0;
        if ((flags & ~(ulong)OpenFlags.Known) != 0 || (resolve & ~known) != 0 || (creates ? mode > PermissionBits : mode != 0)
            || (resolve & (OpenFlags.ResolveBeneath | OpenFlags.ResolveInRoot)) == (OpenFlags.ResolveBeneath | OpenFlags.ResolveInRoot))
            return Errno.EINVAL;
        Errno error = PathText.Read(thread, path, out PathText text);
        return error != Errno.None ? error
            : thread.Process.Paths.Open(thread, directory, text, (int)flags, (int)mode, resolve & ~OpenFlags.ResolveCached);
    }

    [SystemCall(SystemCall.Close, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Close(GuestThread thread, int descriptor)
    {
        if (thread.IsAttended)
        {
            using FileLease file = thread.Files.Rent(descriptor);
            if (file.IsOpen && !AttendedFiles.ClosesAtOnce(thread, file.Description))
                return SyscallResult.Declined;
        }
        return thread.Files.Close(descriptor);
    }

    [SystemCall(SystemCall.CloseRange, SupportState.Full)]
    internal static SyscallResult CloseRange(GuestThread thread, uint first, uint last, uint flags)
    {
        const uint unshare = 2, closeOnExec = 4;
        if ((flags & ~(unshare | closeOnExec)) != 0 || first > last)
            return Errno.EINVAL;
        foreach (int descriptor in thread.Files.OpenDescriptors())
        {
            if ((uint)descriptor < first || (uint)descriptor > last)
                continue;
            if ((flags & closeOnExec) != 0)
                thread.Files.SetCloseOnExec(descriptor, true);
            else
                thread.Files.Close(descriptor);
        }
        return SyscallResult.Success;
    }
}
