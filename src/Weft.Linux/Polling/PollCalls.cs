using System.Runtime.InteropServices;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Polling;

/// <summary>poll(2) and ppoll(2).</summary>
internal static class PollCalls
{
    private const int SwitchedOff = -2;

    [SystemCall(SystemCall.Poll, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult Poll(GuestThread thread, GuestVirtualAddress entries, uint count, int timeoutMs)
    {
        Timespec? timeout = timeoutMs < 0 ? null : Timespec.FromMilliseconds(timeoutMs);
        return Wait(thread, entries, count, ref timeout);
    }

    [SystemCall(SystemCall.Ppoll, SupportState.Full, Ways = CallWays.Attendant)]
    internal static SyscallResult PollWithMask(GuestThread thread, GuestVirtualAddress entries, uint count,
        GuestVirtualAddress timeout, GuestVirtualAddress mask, ulong maskBytes)
    {
        Timespec? limit = null;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out Timespec asked))
                return Errno.EFAULT;
            if (!asked.IsValid)
                return Errno.EINVAL;
            limit = asked;
        }
        SyscallResult applied = TemporaryMask.Apply(thread, mask, maskBytes);
        if (applied != SyscallResult.Success)
            return applied;
        SyscallResult result = Wait(thread, entries, count, ref limit);
        if (limit is { } left && result != SyscallResult.Declined)
            thread.Memory.TryWrite(timeout, left);
        return result;
    }

    private static SyscallResult Wait(GuestThread thread, GuestVirtualAddress entries, uint count, ref Timespec? timeout)
    {
        if (count > (uint)thread.Files.Limit)
            return Errno.EINVAL;
        using PollSet set = new(thread, (int)count);
        Span<PolledFile> files = set.Entries;
        if (!thread.Memory.TryRead(entries, MemoryMarshal.AsBytes(files)))
            return Errno.EFAULT;
        int invalid = 0;
        for (int i = 0; i < files.Length; i++)
        {
            // A negative number is an entry that the program switched off; only others can be wrong.
            if (files[i].Descriptor < 0)
                files[i].Descriptor = SwitchedOff;
            else if (!set.TrySet(thread, i, files[i].Descriptor, files[i].Events))
                invalid++;
        }
        Timespec? none = default(Timespec);
        SyscallResult result = invalid > 0 ? set.Wait(thread, ref none) : set.Wait(thread, ref timeout);
        if (result.Value < 0)
            return result;
        if (invalid > 0)
            foreach (ref PolledFile file in files)
                if (file.Descriptor == PollSet.NotOpen)
                    file.Returned = PolledFile.Invalid;
        return WriteReturned(thread, entries, files) ? result.Value + invalid : Errno.EFAULT;
    }

    /// <summary>Writes the returned events only: the rest of an entry may belong to another thread by now.</summary>
    private static bool WriteReturned(GuestThread thread, GuestVirtualAddress entries, Span<PolledFile> files)
    {
        const ulong returnedOffset = 6;
        for (int i = 0; i < files.Length; i++)
            if (!thread.Memory.TryWrite(entries + ((ulong)i * PolledFile.Bytes + returnedOffset), files[i].Returned))
                return false;
        return true;
    }
}
