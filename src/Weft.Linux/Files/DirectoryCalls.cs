using System.Text;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>The working directory and reading directories.</summary>
internal static class DirectoryCalls
{
    private const int MostCopied = 30 << 10;

    [SystemCall(SystemCall.Getcwd, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult GetWorkingDirectory(GuestThread thread, GuestVirtualAddress buffer, ulong size)
    {
        PathResolver paths = thread.Process.Paths;
        using FileLease directory = paths.RentWorkingDirectory();
        string path;
        if (directory.Description.VirtualPath is { } virtualPath)
            path = virtualPath;
        else if (HostFile.Identity(thread.Scratch, directory.Host) is not { Links: > 0 })
            return Errno.ENOENT;
        else
            path = paths.PlaceOf(thread.Scratch, directory.Description) switch
            {
                null => "(unreachable)" + HostFile.PathOf(thread.Scratch, directory.Host),
                "" => "/",
                string place => place,
            };
        if (path.Length >= PathScratch.MostPathBytes)
            return Errno.ENAMETOOLONG;
        if ((ulong)path.Length + 1 > size)
            return Errno.ERANGE;
        Span<byte> text = thread.Scratch.Span[..(path.Length + 1)];
        Encoding.Latin1.GetBytes(path, text);
        text[^1] = 0;
        return thread.Memory.TryWrite(buffer, text) ? text.Length : Errno.EFAULT;
    }

    [SystemCall(SystemCall.Chdir, SupportState.Full)]
    internal static SyscallResult Change(GuestThread thread, GuestVirtualAddress path)
    {
        Errno error = PathText.Read(thread, path, out PathText text);
        if (error != Errno.None)
            return error;
        // O_PATH asks for no permission on the directory itself; chdir asks for search permission.
        SyscallResult result = thread.Process.Paths.OpenDescription(thread, OpenFlags.CurrentDirectory, text,
            OpenFlags.Path | OpenFlags.Directory, 0, 0, out FileDescription? directory);
        return directory is null ? result : Enter(thread, directory);
    }

    [SystemCall(SystemCall.Fchdir, SupportState.Full)]
    internal static SyscallResult ChangeToDescriptor(GuestThread thread, int descriptor)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description.VirtualPath is null && !HostFile.IsDirectory(thread.Scratch, file.Host))
            return Errno.ENOTDIR;
        file.Description.TryAddReference();
        return Enter(thread, file.Description);
    }

    [SystemCall(SystemCall.Getdents64, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult ReadEntries(GuestThread thread, int descriptor, GuestVirtualAddress buffer, uint size) =>
        Read(thread, SystemCall.Getdents64, descriptor, buffer, size);

    [SystemCall(SystemCall.Getdents, SupportState.Partly, Missing = "directories of the VM's own view are read by getdents64 only (EINVAL)")]
    internal static SyscallResult ReadOldEntries(GuestThread thread, int descriptor, GuestVirtualAddress buffer, uint size) =>
        Read(thread, SystemCall.Getdents, descriptor, buffer, size);

    [SystemCall(SystemCall.Chroot, SupportState.Refused, Missing = "EPERM: the root is chosen when the VM starts (--root)")]
    internal static SyscallResult ChangeRoot(GuestThread thread) => Errno.EPERM;

    private static SyscallResult Enter(GuestThread thread, FileDescription directory)
    {
        const int search = 1;
        if (directory.VirtualPath is null)
        {
            long result = HostStubs.Call(SystemCall.Faccessat2, directory.Host, PathScratch.Put(thread.Scratch, PathScratch.Name, ""), search,
                OpenFlags.AtEmptyPath | OpenFlags.AtEffectiveAccess);
            if (result < 0)
            {
                directory.Release();
                return result;
            }
        }
        thread.Process.Paths.SetWorkingDirectory(directory);
        return SyscallResult.Success;
    }

    private static SyscallResult Read(GuestThread thread, SystemCall call, int descriptor, GuestVirtualAddress buffer, uint size)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (thread.IsAttended && AttendedFiles.NatureOf(thread, file.Description) != FileNature.Directory)
            return SyscallResult.Declined;
        if (file.Description is VirtualDirectory made)
        {
            if (call != SystemCall.Getdents64)
                return Errno.EINVAL;
            Span<byte> entries = thread.Scratch.Span[..(int)Math.Min(size, MostCopied)];
            return WriteBack(thread, buffer, entries, made.Read(entries));
        }
        if (size == 0 || !thread.Memory.TryGetHostRange(buffer, size, PageAccess.Write, out HostAddress host, out ulong contiguous))
            return size == 0 ? HostStubs.Call(call, file.Host, (long)thread.Scratch.Address.Value, 0) : Errno.EFAULT;
        if (contiguous == size)
            return HostStubs.Call(call, file.Host, (long)host.Value, size);
        uint part = Math.Min(size, MostCopied);
        SyscallResult result = HostStubs.Call(call, file.Host, (long)thread.Scratch.Address.Value, part);
        return WriteBack(thread, buffer, thread.Scratch.Span[..(int)part], result);
    }

    private static SyscallResult WriteBack(GuestThread thread, GuestVirtualAddress buffer, ReadOnlySpan<byte> entries, SyscallResult result) =>
        result.Value > 0 && !thread.Memory.TryWrite(buffer, entries[..(int)result.Value]) ? Errno.EFAULT : result;
}
