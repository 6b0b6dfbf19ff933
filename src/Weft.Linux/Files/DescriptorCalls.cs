using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>dup, pipe and memfd_create: new descriptors.</summary>
internal static class DescriptorCalls
{
    [SystemCall(SystemCall.Dup, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Duplicate(GuestThread thread, int descriptor) => DuplicateFrom(thread, descriptor, 0, false);

    [SystemCall(SystemCall.Dup2, SupportState.Full)]
    internal static SyscallResult DuplicateTo(GuestThread thread, int descriptor, int wanted)
    {
        if (descriptor != wanted)
            return DuplicateAt(thread, descriptor, wanted, false);
        using FileLease file = thread.Files.Rent(descriptor);
        return file.IsOpen ? descriptor : Errno.EBADF;
    }

    [SystemCall(SystemCall.Dup3, SupportState.Full)]
    internal static SyscallResult DuplicateTo3(GuestThread thread, int descriptor, int wanted, int flags) =>
        (flags & ~OpenFlags.CloseOnExec) != 0 || descriptor == wanted ? Errno.EINVAL
            : DuplicateAt(thread, descriptor, wanted, flags != 0);

    [SystemCall(SystemCall.Pipe, SupportState.Full)]
    internal static SyscallResult Pipe(GuestThread thread, GuestVirtualAddress ends) => Pipe2(thread, ends, 0);

    [SystemCall(SystemCall.Pipe2, SupportState.Full)]
    internal static SyscallResult Pipe2(GuestThread thread, GuestVirtualAddress ends, int flags)
    {
        long pair = (long)thread.Scratch.Address.Value;
        long result = HostStubs.Call(SystemCall.Pipe2, pair, flags | OpenFlags.CloseOnExec);
        if (result < 0)
            return result;
        bool closeOnExec = (flags & OpenFlags.CloseOnExec) != 0;
        int reader = BitConverter.ToInt32(thread.Scratch.Span), writer = BitConverter.ToInt32(thread.Scratch.Span[4..]);
        SyscallResult first = thread.Files.InstallHost(reader, closeOnExec);
        if (first.IsError)
        {
            HostFile.Close(writer);
            return first;
        }
        SyscallResult second = thread.Files.InstallHost(writer, closeOnExec);
        if (!second.IsError && thread.Memory.TryWrite(ends, (uint)first.Value | (ulong)second.Value << 32))
            return SyscallResult.Success;
        thread.Files.Close((int)first.Value);
        if (second.IsError)
            return second;
        thread.Files.Close((int)second.Value);
        return Errno.EFAULT;
    }

    [SystemCall(SystemCall.MemfdCreate, SupportState.Full)]
    internal static SyscallResult CreateMemoryFile(GuestThread thread, GuestVirtualAddress name, uint flags)
    {
        const uint closeOnExec = 1;
        const int mostName = 249;
        Errno error = PathText.Read(thread, name, out PathText text);
        if (error != Errno.None || text.Bytes.Length > mostName)
            return error == Errno.EFAULT ? error : Errno.EINVAL;
        return thread.Files.InstallHost(HostStubs.Call(SystemCall.MemfdCreate, text.Address, flags | closeOnExec), (flags & closeOnExec) != 0);
    }

    /// <summary>F_DUPFD: the lowest free number from <paramref name="lowest"/> on.</summary>
    internal static SyscallResult DuplicateFrom(GuestThread thread, int descriptor, int lowest, bool closeOnExec)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (lowest < 0 || lowest >= thread.Files.Limit)
            return lowest == 0 ? Errno.EMFILE : Errno.EINVAL;
        file.Description.TryAddReference();
        return thread.Files.Install(file.Description, closeOnExec, lowest);
    }

    private static SyscallResult DuplicateAt(GuestThread thread, int descriptor, int wanted, bool closeOnExec)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        file.Description.TryAddReference();
        return thread.Files.InstallAt(wanted, file.Description, closeOnExec);
    }
}
