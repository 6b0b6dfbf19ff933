using System.Runtime.InteropServices;
using Weft.Linux.Time;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Threads;

/// <summary>
/// futex(2) on the host's own futexes: guest memory is the VMM's memory, so private ones are keyed by the
/// VMM's address and shared ones by file, the same for every VM and host process. Thread ids are the
/// host's, so that priority inheritance works too.
/// </summary>
internal static class FutexCalls
{
    private const int Wait = 0, WakeUp = 1, Requeue = 3, CompareRequeue = 4, WakeOperation = 5, LockPi = 6, UnlockPi = 7, TryLockPi = 8,
        WaitBitset = 9, WakeBitset = 10, WaitRequeuePi = 11, CompareRequeuePi = 12, LockPi2 = 13;

    private const int PrivateFlag = 128, RealtimeFlag = 256;
    private const uint MatchAny = uint.MaxValue;

    [SystemCall(SystemCall.Futex, SupportState.Full)]
    internal static SyscallResult Futex(
        GuestThread thread, GuestVirtualAddress address, int operation, uint value, ulong timeout, GuestVirtualAddress second, uint value3)
    {
        int command = operation & ~(PrivateFlag | RealtimeFlag);
        if ((operation & RealtimeFlag) != 0 && command is not (Wait or WaitBitset or WaitRequeuePi or LockPi2))
            return Errno.ENOSYS;
        bool stores = command is LockPi or LockPi2 or UnlockPi or TryLockPi;
        Errno error = Locate(thread, address, stores ? PageAccess.Write : PageAccess.Read, out long word);
        if (error != Errno.None)
            return error;
        switch (command)
        {
            case Wait or WaitBitset:
                return WaitOn(thread, word, operation, command, value, new(timeout), command == Wait ? MatchAny : value3);
            case WakeUp or WakeBitset or UnlockPi or TryLockPi:
                return HostStubs.CallQuick(SystemCall.Futex, word, operation, value, 0, 0, value3);
            case Requeue or CompareRequeue or WakeOperation or CompareRequeuePi:
                error = Locate(thread, second, command == WakeOperation ? PageAccess.Write : PageAccess.Read, out long other);
                return error != Errno.None ? error
                    : HostStubs.CallQuick(SystemCall.Futex, word, operation, value, (long)timeout, other, value3);
            case LockPi or LockPi2:
                return WithDeadline(thread, word, operation, value, new(timeout), 0, 0);
            case WaitRequeuePi:
                error = Locate(thread, second, PageAccess.Write, out long target);
                return error != Errno.None ? error : WithDeadline(thread, word, operation, value, new(timeout), target, value3);
            default:
                return Errno.ENOSYS;
        }
    }

    /// <summary>Waits. A relative timeout becomes a deadline, so that an interruption without a signal can go on waiting.</summary>
    private static SyscallResult WaitOn(
        GuestThread thread, long word, int operation, int command, uint value, GuestVirtualAddress timeout, uint bitset)
    {
        if (bitset == 0)
            return Errno.EINVAL;
        int hostOperation = operation & (PrivateFlag | RealtimeFlag) | WaitBitset;
        if (timeout.IsNull)
            return thread.Block(SystemCall.Futex, word, hostOperation, value, 0, 0, bitset);
        if (!thread.Memory.TryRead(timeout, out TimeSpec limit))
            return Errno.EFAULT;
        if (!limit.IsValid)
            return Errno.EINVAL;
        if (command == Wait)
        {
            // FUTEX_WAIT measures by CLOCK_MONOTONIC unless the flag says otherwise; both ways the deadline is absolute.
            HostStubs.CallQuick(SystemCall.ClockGettime, (operation & RealtimeFlag) != 0 ? HostClock.Realtime : HostClock.Monotonic, (long)thread.Scratch.Address.Value);
            TimeSpec now = MemoryMarshal.Read<TimeSpec>(thread.Scratch.Span);
            limit = now.Plus(limit);
        }
        MemoryMarshal.Write(thread.Scratch.Span, limit);
        return thread.Block(SystemCall.Futex, word, hostOperation, value, (long)thread.Scratch.Address.Value, 0, bitset).WithoutRestart();
    }

    private static SyscallResult WithDeadline(
        GuestThread thread, long word, int operation, uint value, GuestVirtualAddress timeout, long second, uint value3)
    {
        long deadline = 0;
        if (!timeout.IsNull)
        {
            if (!thread.Memory.TryRead(timeout, out TimeSpec limit))
                return Errno.EFAULT;
            if (!limit.IsValid)
                return Errno.EINVAL;
            MemoryMarshal.Write(thread.Scratch.Span, limit);
            deadline = (long)thread.Scratch.Address.Value;
        }
        return thread.Block(SystemCall.Futex, word, operation, value, deadline, second, value3);
    }

    private static Errno Locate(GuestThread thread, GuestVirtualAddress address, PageAccess need, out long host)
    {
        host = 0;
        if ((address.Value & 3) != 0)
            return Errno.EINVAL;
        if (!thread.Memory.TryGetHostRange(address, sizeof(uint), need, out HostAddress place, out _))
            return Errno.EFAULT;
        host = (long)place.Value;
        return Errno.None;
    }
}
