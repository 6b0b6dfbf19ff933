using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Files;

/// <summary>Calls that move data between descriptors.</summary>
internal static class CopyCalls
{
    private const int SecondOffset = 8;

    [SystemCall(SystemCall.Sendfile, SupportState.Full)]
    internal static SyscallResult SendFile(GuestThread thread, int to, int from, GuestVirtualAddress offset, ulong count)
    {
        using FileLease source = thread.Files.Rent(from);
        using FileLease destination = thread.Files.Rent(to);
        if (!source.IsOpen || !destination.IsOpen)
            return Errno.EBADF;
        if (destination.Description is VirtualFile or DeviceFile || source.Description is DeviceFile)
            return Errno.EINVAL;
        if (!TakeOffset(thread, offset, 0, out long offsetAddress))
            return Errno.EFAULT;
        if (source.Description is VirtualFile made)
            made.BeforeRead(thread);
        SyscallResult result = thread.Block(SystemCall.Sendfile, destination.Host, source.Host, offsetAddress, (long)CutForMemory(thread, destination, count));
        AfterCopy(thread, destination, result);
        return ReadWriteCalls.RaiseIfBroken(thread, GiveOffset(thread, offset, 0, result));
    }

    [SystemCall(SystemCall.CopyFileRange, SupportState.Full)]
    internal static SyscallResult CopyRange(GuestThread thread, int from, GuestVirtualAddress fromOffset, int to, GuestVirtualAddress toOffset, ulong count, uint flags) =>
        Copy(thread, SystemCall.CopyFileRange, from, fromOffset, to, toOffset, count, flags);

    [SystemCall(SystemCall.Splice, SupportState.Full)]
    internal static SyscallResult Splice(GuestThread thread, int from, GuestVirtualAddress fromOffset, int to, GuestVirtualAddress toOffset, ulong count, uint flags) =>
        ReadWriteCalls.RaiseIfBroken(thread, Copy(thread, SystemCall.Splice, from, fromOffset, to, toOffset, count, flags));

    [SystemCall(SystemCall.Tee, SupportState.Full)]
    internal static SyscallResult Tee(GuestThread thread, int from, int to, ulong count, uint flags)
    {
        using FileLease source = thread.Files.Rent(from);
        using FileLease destination = thread.Files.Rent(to);
        return !source.IsOpen || !destination.IsOpen ? Errno.EBADF
            : source.Description is DeviceFile ? Errno.EINVAL
            : ReadWriteCalls.RaiseIfBroken(thread, thread.Block(SystemCall.Tee, source.Host, destination.Host, (long)count, flags));
    }

    [SystemCall(SystemCall.Vmsplice, SupportState.Full)]
    internal static SyscallResult SpliceMemory(GuestThread thread, int descriptor, GuestVirtualAddress array, ulong count, uint flags)
    {
        using FileLease file = thread.Files.Rent(descriptor);
        if (!file.IsOpen)
            return Errno.EBADF;
        if (file.Description is DeviceFile)
            return Errno.EBADF;
        long mode = HostStubs.CallQuick(SystemCall.Fcntl, file.Host, 3);
        bool isWriter = (mode & OpenFlags.AccessMode) != OpenFlags.ReadOnly;
        Errno error = GuestVectors.FromArray(thread, array, count, isWriter ? PageAccess.Read : PageAccess.Write, out GuestVectors vectors);
        return error != Errno.None ? error
            : ReadWriteCalls.RaiseIfBroken(thread, thread.Block(SystemCall.Vmsplice, file.Host, (long)vectors.Address.Value, vectors.Count, flags));
    }

    private static SyscallResult Copy(GuestThread thread, SystemCall call, int from, GuestVirtualAddress fromOffset, int to, GuestVirtualAddress toOffset, ulong count, uint flags)
    {
        using FileLease source = thread.Files.Rent(from);
        using FileLease destination = thread.Files.Rent(to);
        if (!source.IsOpen || !destination.IsOpen)
            return Errno.EBADF;
        if (source.Description is VirtualFile or DeviceFile || destination.Description is VirtualFile or DeviceFile)
            return Errno.EINVAL;
        if (!TakeOffset(thread, fromOffset, 0, out long fromAddress) || !TakeOffset(thread, toOffset, SecondOffset, out long toAddress))
            return Errno.EFAULT;
        SyscallResult result = thread.Block(call, source.Host, fromAddress, destination.Host, toAddress, (long)CutForMemory(thread, destination, count), flags);
        AfterCopy(thread, destination, result);
        return GiveOffset(thread, toOffset, SecondOffset, GiveOffset(thread, fromOffset, 0, result));
    }

    /// <summary>Into a file that counts against the memory limit little is copied at a time: how much there is to copy nobody tells.</summary>
    private static ulong CutForMemory(GuestThread thread, in FileLease destination, ulong count)
    {
        const ulong mostAtOnce = 4 << 20;
        return count > mostAtOnce && thread.Memory.Follows(destination.Description) ? mostAtOnce : count;
    }

    private static void AfterCopy(GuestThread thread, in FileLease destination, SyscallResult result)
    {
        if (result.Value > 0)
            thread.Process.BeforeGrowth(destination.Description, (ulong)result.Value);
    }

    private static bool TakeOffset(GuestThread thread, GuestVirtualAddress address, int place, out long host)
    {
        host = address.IsNull ? 0 : (long)thread.Scratch.Address.Value + place;
        return address.IsNull || thread.Memory.TryRead(address, thread.Scratch.Span.Slice(place, sizeof(long)));
    }

    private static SyscallResult GiveOffset(GuestThread thread, GuestVirtualAddress address, int place, SyscallResult result) =>
        address.IsNull || result.IsError || result.IsRestart || thread.Memory.TryWrite(address, thread.Scratch.Span.Slice(place, sizeof(long)))
            ? result : Errno.EFAULT;
}
