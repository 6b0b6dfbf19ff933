using Weft.Linux.Memory;
using Weft.Linux.Signals;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>read, write and their like: the host's kernel copies to and from guest memory itself.</summary>
internal static class ReadWriteCalls
{
    // Never mapped (vm.mmap_min_addr): stands in for a guest range of which nothing is accessible, so that the host's
    // kernel decides what comes first, its own checks, the end of the file or EFAULT.
    private const long NoMemory = 8;

    [SystemCall(SystemCall.Read, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Read(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (thread.IsAttended && file.Description.IsMadeUp)
            return SyscallResult.Declined;
        if (file.Description is VirtualDirectory)
            return Errno.EISDIR;
        if (file.Description is SignalDescription signals)
            return signals.Read(thread, new GuestRange(buffer, count));
        if (file.Description is DeviceFile)
            return Errno.EINVAL;
        if (file.Description is VirtualFile made)
        {
            if (made.Moves)
                return made.Move(thread, buffer, count, null, false);
            made.BeforeRead(thread);
        }
        if (!GuestVectors.IsInUserSpace(buffer.Value, count))
            return Errno.EFAULT;
        count = Math.Min(count, GuestVectors.MostBytes);
        if (count == 0)
            return thread.Block(SystemCall.Read, file.Host, (long)thread.Scratch.Address.Value, 0);
        if (thread.Memory.TryGetHostRange(buffer, count, PageAccess.Write, out HostAddress host, out ulong contiguous) && contiguous == count)
            return AttendedFiles.Transfer(thread, file.Description, SystemCall.Read, (long)host.Value, (long)count, count);
        Errno error = GuestVectors.FromRange(thread, buffer, count, PageAccess.Write, out GuestVectors vectors);
        return error != Errno.None ? thread.Block(SystemCall.Read, file.Host, NoMemory, (long)count)
            : thread.Block(SystemCall.Readv, file.Host, (long)vectors.Address.Value, vectors.Count);
    }

    [SystemCall(SystemCall.Write, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Write(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (thread.IsAttended && (file.Description.IsMadeUp || FileSizeLimit.IsSet(thread)))
            return SyscallResult.Declined;
        if (file.Description is VirtualFile made)
            return made.Moves ? made.Move(thread, buffer, count, null, true) : made.Write(thread, buffer, count);
        if (file.Description is DeviceFile device)
            return device.Write(thread, buffer, count);
        if (file.Description is SignalDescription)
            return Errno.EINVAL;
        if (!GuestVectors.IsInUserSpace(buffer.Value, count))
            return Errno.EFAULT;
        count = Math.Min(count, GuestVectors.MostBytes);
        if (FileSizeLimit.IsSet(thread) && FileSizeLimit.Cut(thread, file.Host, null, ref count) is var tooBig && tooBig != Errno.None)
            return tooBig;
        thread.Process.BeforeGrowth(file.Description, count);
        if (count == 0)
            return thread.Block(SystemCall.Write, file.Host, (long)thread.Scratch.Address.Value, 0);
        if (thread.Memory.TryGetHostRange(buffer, count, PageAccess.Read, out HostAddress host, out ulong contiguous) && contiguous == count)
            return RaiseIfBroken(thread, AttendedFiles.Transfer(thread, file.Description, SystemCall.Write, (long)host.Value, (long)count, count));
        Errno error = GuestVectors.FromRange(thread, buffer, count, PageAccess.Read, out GuestVectors vectors);
        return error != Errno.None ? thread.Block(SystemCall.Write, file.Host, NoMemory, (long)count)
            : RaiseIfBroken(thread, thread.Block(SystemCall.Writev, file.Host, (long)vectors.Address.Value, vectors.Count));
    }

    [SystemCall(SystemCall.Pread64, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult ReadAt(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count, long offset)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (offset < 0)
            return Errno.EINVAL;
        if (thread.IsAttended && file.Description.IsMadeUp)
            return SyscallResult.Declined;
        if (file.Description is VirtualDirectory)
            return Errno.EISDIR;
        if (file.Description is DeviceFile)
            return Errno.ESPIPE;
        if (file.Description is VirtualFile made)
        {
            if (made.Moves)
                return made.Move(thread, buffer, count, offset, false);
            made.BeforeRead(thread, offset);
        }
        if (!GuestVectors.IsInUserSpace(buffer.Value, count))
            return Errno.EFAULT;
        count = Math.Min(count, GuestVectors.MostBytes);
        if (count == 0)
            return thread.Block(SystemCall.Pread64, file.Host, (long)thread.Scratch.Address.Value, 0, offset);
        if (thread.Memory.TryGetHostRange(buffer, count, PageAccess.Write, out HostAddress host, out ulong contiguous) && contiguous == count)
            return AttendedFiles.Transfer(thread, file.Description, SystemCall.Pread64, (long)host.Value, (long)count, count, offset);
        Errno error = GuestVectors.FromRange(thread, buffer, count, PageAccess.Write, out GuestVectors vectors);
        return error != Errno.None ? thread.Block(SystemCall.Pread64, file.Host, NoMemory, (long)count, offset)
            : thread.Block(SystemCall.Preadv, file.Host, (long)vectors.Address.Value, vectors.Count, offset);
    }

    [SystemCall(SystemCall.Pwrite64, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult WriteAt(GuestThread thread, int descriptor, GuestVirtualAddress buffer, ulong count, long offset)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (offset < 0)
            return Errno.EINVAL;
        if (file.Description is DeviceFile)
            return Errno.ESPIPE;
        if (thread.IsAttended && (file.Description.IsMadeUp || FileSizeLimit.IsSet(thread)))
            return SyscallResult.Declined;
        if (file.Description is VirtualFile made)
            return made.Moves ? made.Move(thread, buffer, count, offset, true) : made.Write(thread, buffer, count);
        if (!GuestVectors.IsInUserSpace(buffer.Value, count))
            return Errno.EFAULT;
        count = Math.Min(count, GuestVectors.MostBytes);
        if (FileSizeLimit.IsSet(thread) && FileSizeLimit.Cut(thread, file.Host, offset, ref count) is var tooBig && tooBig != Errno.None)
            return tooBig;
        thread.Process.BeforeGrowth(file.Description, count);
        Errno error = GuestVectors.FromRange(thread, buffer, count, PageAccess.Read, out GuestVectors vectors);
        return error != Errno.None ? error
            : RaiseIfBroken(thread, AttendedFiles.Transfer(thread, file.Description, SystemCall.Pwritev, (long)vectors.Address.Value, vectors.Count, vectors.TotalBytes, offset));
    }

    [SystemCall(SystemCall.Readv, SupportState.Full)]
    internal static SyscallResult ReadVector(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count) =>
        Transfer(thread, SystemCall.Readv, descriptor, array, count, PageAccess.Write, 0, 0);

    [SystemCall(SystemCall.Writev, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult WriteVector(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count) =>
        Transfer(thread, SystemCall.Writev, descriptor, array, count, PageAccess.Read, 0, 0);

    [SystemCall(SystemCall.Preadv, SupportState.Full)]
    internal static SyscallResult ReadVectorAt(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count, long offset) =>
        offset < 0 ? Errno.EINVAL : Transfer(thread, SystemCall.Preadv, descriptor, array, count, PageAccess.Write, offset, 0);

    [SystemCall(SystemCall.Pwritev, SupportState.Full)]
    internal static SyscallResult WriteVectorAt(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count, long offset) =>
        offset < 0 ? Errno.EINVAL : Transfer(thread, SystemCall.Pwritev, descriptor, array, count, PageAccess.Read, offset, 0);

    [SystemCall(SystemCall.Preadv2, SupportState.Full)]
    internal static SyscallResult ReadVectorAt2(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count, long offset, ulong offsetHigh, int flags) =>
        Transfer(thread, SystemCall.Preadv2, descriptor, array, count, PageAccess.Write, offset, flags);

    [SystemCall(SystemCall.Pwritev2, SupportState.Full)]
    internal static SyscallResult WriteVectorAt2(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count, long offset, ulong offsetHigh, int flags) =>
        Transfer(thread, SystemCall.Pwritev2, descriptor, array, count, PageAccess.Read, offset, flags);

    [SystemCall(SystemCall.Lseek, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Seek(GuestThread thread, int descriptor, long offset, int whence)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is DeviceFile)
            return Errno.ESPIPE;
        return file.Description is VirtualDirectory directory ? directory.Seek(offset, whence)
            : HostStubs.Call(SystemCall.Lseek, file.Host, offset, whence);
    }

    /// <summary>After a write: EPIPE brings SIGPIPE to the caller, as the host sent it to the VMM, which ignores it.</summary>
    internal static SyscallResult RaiseIfBroken(GuestThread thread, SyscallResult result)
    {
        if (result.Error == Errno.EPIPE)
            thread.Signals.Send(SignalInfo.FromProcess(SignalNumber.SIGPIPE, SignalCode.User, thread.Process.Id, (int)HostStubs.CallQuick(SystemCall.Getuid)));
        return result;
    }

    private static SyscallResult Transfer(GuestThread thread, SystemCall call, int descriptor, GuestVirtualAddress array, ulong count, PageAccess need, long offset, int flags)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (thread.IsAttended && (file.Description.IsMadeUp || FileSizeLimit.IsSet(thread)))
            return SyscallResult.Declined;
        if (file.Description is VirtualDirectory)
            return need == PageAccess.Write ? Errno.EISDIR : Errno.EBADF;
        if (file.Description is DeviceFile)
            return Errno.EINVAL;
        if (file.Description is SignalDescription signals)
            return need == PageAccess.Read ? Errno.EINVAL : call != SystemCall.Readv && offset != -1 ? Errno.ESPIPE : ReadSignals(thread, signals, array, count);
        if (file.Description is VirtualFile made)
        {
            bool atCurrent = call is SystemCall.Readv or SystemCall.Writev || offset == -1;
            if (need == PageAccess.Read || made.Moves)
                return MoveFirst(thread, made, array, count, atCurrent ? null : offset, need == PageAccess.Read);
            if (atCurrent)
                made.BeforeRead(thread);
            else
                made.BeforeRead(thread, offset);
        }
        Errno error = GuestVectors.FromArray(thread, array, count, need, out GuestVectors vectors);
        if (error != Errno.None)
            return error;
        int entries = vectors.Count;
        if (need == PageAccess.Read && FileSizeLimit.IsSet(thread))
            entries = FileSizeLimit.Cut(thread, file.Host, call == SystemCall.Writev || offset == -1 ? null : offset, vectors, out error);
        if (error != Errno.None)
            return error;
        if (need == PageAccess.Read)
            thread.Process.BeforeGrowth(file.Description, vectors.TotalBytes);
        SyscallResult result = AttendedFiles.Transfer(thread, file.Description, call, (long)vectors.Address.Value, entries, vectors.TotalBytes, offset, flags);
        return need == PageAccess.Read ? RaiseIfBroken(thread, result) : result;
    }

    private static SyscallResult ReadSignals(GuestThread thread, SignalDescription signals, GuestVirtualAddress array, ulong count)
    {
        Errno error = GuestRange.Read(thread, array, count, out GuestRange[] ranges);
        return error != Errno.None ? error : signals.Read(thread, ranges);
    }

    /// <summary>A vector to or from a file of the VM's own view: the first range that is not empty, as one call.</summary>
    private static SyscallResult MoveFirst(GuestThread thread, VirtualFile file, GuestVirtualAddress array, ulong count, long? offset, bool writes)
    {
        const ulong entryBytes = 16;
        if (count > GuestVectors.Most)
            return Errno.EINVAL;
        for (ulong index = 0; index < count; index++)
        {
            if (!thread.Memory.TryRead(array + index * entryBytes, out ulong address) || !thread.Memory.TryRead(array + (index * entryBytes + 8), out ulong length))
                return Errno.EFAULT;
            if (length != 0)
                return file.Moves ? file.Move(thread, new(address), length, offset, writes) : file.Write(thread, new(address), length);
        }
        return SyscallResult.Success;
    }
}
