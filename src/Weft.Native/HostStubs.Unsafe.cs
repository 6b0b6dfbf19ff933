using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Weft.Native;

/// <summary>
/// The few routines that must be machine code: raw system calls that return -errno, one that a
/// kick can always interrupt, accessors of guest memory that survive a fault, and signal handlers
/// that never enter managed code. Lives in one read-only executable page for the process's life.
/// </summary>
/// <remarks>Thread rules: everything may be called from any thread. Source of the code: HostStubs.s.</remarks>
public static unsafe partial class HostStubs
{
    private const int PageSize = 4096;
    private const int SigactionFlagSigInfo = 4;
    private const int SigactionFlagRestorer = 0x04000000;
    private const int SigactionFlagRestart = 0x10000000;

    private static readonly byte* Page = Install();

    private static readonly delegate* unmanaged<long, long, long, long, long, long, long, long> InvokePointer =
        (delegate* unmanaged<long, long, long, long, long, long, long, long>)(Page + Offset.Invoke);

    private static readonly delegate* unmanaged[SuppressGCTransition]<long, long, long, long, long, long, long, long> InvokeQuickPointer =
        (delegate* unmanaged[SuppressGCTransition]<long, long, long, long, long, long, long, long>)(Page + Offset.Invoke);

    private static readonly delegate* unmanaged<int*, long, long, long, long, long, long, long, long> InterruptiblePointer =
        (delegate* unmanaged<int*, long, long, long, long, long, long, long, long>)(Page + Offset.Interruptible);

    private static readonly delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong> CopyPointer =
        (delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong>)(Page + Offset.Copy);

    private static readonly delegate* unmanaged<ulong, ulong, ulong, ulong> CopyLongPointer =
        (delegate* unmanaged<ulong, ulong, ulong, ulong>)(Page + Offset.Copy);

    private static readonly delegate* unmanaged<ulong, ulong, ulong> ZeroPointer =
        (delegate* unmanaged<ulong, ulong, ulong>)(Page + Offset.Zero);

    private static readonly delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong*, int, long> CompareExchangePointer =
        (delegate* unmanaged[SuppressGCTransition]<ulong, ulong, ulong, ulong*, int, long>)(Page + Offset.CompareExchange);

    private static readonly delegate* unmanaged[SuppressGCTransition]<ulong> RdtscPointer =
        (delegate* unmanaged[SuppressGCTransition]<ulong>)(Page + Offset.Rdtsc);

    /// <summary>A raw system call that may block. Returns the kernel's value, -errno on failure.</summary>
    public static long Call(SystemCall number, long a0 = 0, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0) =>
        HostTime.IsMeasured
            ? HostTime.Add(Stopwatch.GetTimestamp(), InvokePointer((long)number, a0, a1, a2, a3, a4, a5))
            : InvokePointer((long)number, a0, a1, a2, a3, a4, a5);

    /// <summary>
    /// A raw system call that never blocks for longer than a few microseconds: it skips the runtime's
    /// transition, so a garbage collection waits for it.
    /// </summary>
    public static long CallQuick(SystemCall number, long a0 = 0, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0) =>
        HostTime.IsMeasured
            ? HostTime.Add(Stopwatch.GetTimestamp(), InvokeQuickPointer((long)number, a0, a1, a2, a3, a4, a5))
            : InvokeQuickPointer((long)number, a0, a1, a2, a3, a4, a5);

    /// <summary>
    /// A raw system call that ends with -EINTR at once when <paramref name="pending"/> is set, before
    /// or (with <see cref="KickThread"/>) during the call.
    /// </summary>
    /// <param name="pending">An int in memory that doesn't move, set by whoever kicks.</param>
    public static long CallInterruptible(nint pending, SystemCall number, long a0 = 0, long a1 = 0, long a2 = 0, long a3 = 0, long a4 = 0, long a5 = 0) =>
        HostTime.IsMeasured
            ? HostTime.Add(Stopwatch.GetTimestamp(), InterruptiblePointer((int*)pending, (long)number, a0, a1, a2, a3, a4, a5))
            : InterruptiblePointer((int*)pending, (long)number, a0, a1, a2, a3, a4, a5);

    /// <summary>Copies between host addresses that may fault. Returns the number of bytes not copied.</summary>
    public static ulong TryCopy(HostAddress destination, HostAddress source, ulong lengthBytes) =>
        lengthBytes <= PageSize
            ? CopyPointer(destination.Value, source.Value, lengthBytes)
            : CopyLongPointer(destination.Value, source.Value, lengthBytes);

    /// <summary>Copies out of memory that may fault. True when all of it was read.</summary>
    public static bool TryRead(HostAddress source, Span<byte> destination)
    {
        // SAFETY: the span is pinned for the call and bounds the copy.
        fixed (byte* pointer = destination)
            return TryCopy(new HostAddress((ulong)pointer), source, (ulong)destination.Length) == 0;
    }

    /// <summary>Copies into memory that may fault. True when all of it was written.</summary>
    public static bool TryWrite(HostAddress destination, ReadOnlySpan<byte> source)
    {
        // SAFETY: the span is pinned for the call and bounds the copy.
        fixed (byte* pointer = source)
            return TryCopy(destination, new HostAddress((ulong)pointer), (ulong)source.Length) == 0;
    }

    /// <summary>Zeroes memory that may fault. Returns the number of bytes not zeroed.</summary>
    public static ulong TryZero(HostAddress address, ulong lengthBytes) => ZeroPointer(address.Value, lengthBytes);

    /// <summary>Atomic compare and exchange in memory that may fault. Returns the old value, or -1 after a fault.</summary>
    public static long TryCompareExchange(HostAddress address, uint expected, uint desired) =>
        TryCompareExchange(address, expected, desired, false, out ulong old) ? (long)old : -1;

    /// <summary>Atomic compare and exchange of eight bytes in memory that may fault. False after a fault.</summary>
    /// <param name="address">A multiple of eight.</param>
    /// <param name="expected">What must be there.</param>
    /// <param name="desired">What then comes there.</param>
    /// <param name="old">What was there; equal to <paramref name="expected"/> when it was exchanged.</param>
    public static bool TryCompareExchange(HostAddress address, ulong expected, ulong desired, out ulong old) =>
        TryCompareExchange(address, expected, desired, true, out old);

    private static bool TryCompareExchange(HostAddress address, ulong expected, ulong desired, bool isWide, out ulong old)
    {
        ulong seen = 0;
        // SAFETY: the result goes to a local.
        bool isWhole = CompareExchangePointer(address.Value, expected, desired, &seen, isWide ? 1 : 0) == 0;
        old = seen;
        return isWhole;
    }

    /// <summary>
    /// The host's time-stamp counter, in ticks. Every instruction before the call has finished when it is read, and none
    /// after it has begun.
    /// </summary>
    public static ulong Rdtsc() => RdtscPointer();

    /// <summary>The signal that interrupts a vCPU thread. Only the VMM sends it; programs' own signals are virtual.</summary>
    public const int KickSignal = 63;

    /// <summary>Makes the thread leave <see cref="CallInterruptible"/>; its pending word must be set first.</summary>
    public static void KickThread(int hostProcessId, int hostThreadId) =>
        CallQuick(SystemCall.Tgkill, hostProcessId, hostThreadId, KickSignal);

    /// <summary>
    /// From now on the signal's siginfo (128 bytes) is written to the descriptor, instead of the signal's
    /// default action or the runtime's handler.
    /// </summary>
    public static void ForwardSignal(int signal, int descriptor)
    {
        // SAFETY: the data page follows the code page and stays writable.
        *(int*)(Page + Offset.ForwardDescriptor) = descriptor;
        SetHandler(signal, (ulong)(Page + Offset.Forward), SigactionFlagSigInfo | SigactionFlagRestart, out _);
    }

    /// <summary>
    /// Every other thread that the process has now blocks the signals before it takes another one of them, so that they
    /// wait for a thread started later that doesn't. Threads inherit this; the caller blocks them for itself.
    /// </summary>
    /// <param name="signals">A bit a signal, 1 &lt;&lt; (number - 1).</param>
    public static void HoldOnOtherThreads(ulong signals)
    {
        // SAFETY: the data page follows the code page and stays writable.
        *(ulong*)(Page + Offset.HeldSignals) = signals;
        int self = (int)CallQuick(SystemCall.Gettid), processId = Environment.ProcessId;
        foreach (string thread in Directory.EnumerateDirectories("/proc/self/task"))
            if (int.TryParse(Path.GetFileName(thread), CultureInfo.InvariantCulture, out int id) && id != self)
                KickThread(processId, id);
    }

    private static byte* Install()
    {
        const int readWrite = 3, readExecute = 5, privateAnonymous = 0x22;
        byte* page = (byte*)LibC.Mmap(0, 2 * PageSize, readWrite, privateAnonymous, -1, 0);
        if ((nint)page == -1)
            throw new InvalidOperationException("No memory for the VMM's machine code; free some memory and try again.");
        // SAFETY: the code is shorter than the page just mapped.
        Code.CopyTo(new Span<byte>(page, PageSize));
        if (LibC.Mprotect((nint)page, PageSize, readExecute) != 0)
            throw new InvalidOperationException("The host forbids executable memory; allow it for this user (SELinux execmem).");
        InstallHandlers(page);
        return page;
    }

    private static void InstallHandlers(byte* page)
    {
        const int sigsegv = 11, sigbus = 7;
        // Everything is blocked inside the kick, so that what it adds to its thread's mask holds before another signal comes.
        SetHandlerAt(page, KickSignal, (ulong)(page + Offset.Kick), SigactionFlagSigInfo, out _, ulong.MaxValue);
        KernelSigaction old;
        ReadHandler(page, sigsegv, &old);
        *(ulong*)(page + Offset.PreviousSegvHandler) = old.Handler;
        SetHandlerAt(page, sigsegv, (ulong)(page + Offset.Fault), old.Flags | SigactionFlagSigInfo, out _);
        ReadHandler(page, sigbus, &old);
        *(ulong*)(page + Offset.PreviousBusHandler) = old.Handler;
        SetHandlerAt(page, sigbus, (ulong)(page + Offset.Fault), old.Flags | SigactionFlagSigInfo, out _);
    }

    private static void SetHandler(int signal, ulong handler, ulong flags, out KernelSigaction old) =>
        SetHandlerAt(Page, signal, handler, flags, out old);

    private static void SetHandlerAt(byte* page, int signal, ulong handler, ulong flags, out KernelSigaction old, ulong blocked = 0)
    {
        KernelSigaction action = new()
        {
            Handler = handler,
            Flags = flags | SigactionFlagRestorer,
            Mask = blocked,
            Restorer = (ulong)(page + Offset.Restorer),
        };
        KernelSigaction previous;
        RawSigaction(page, signal, &action, &previous);
        old = previous;
    }

    private static void ReadHandler(byte* page, int signal, KernelSigaction* old) => RawSigaction(page, signal, null, old);

    private static void RawSigaction(byte* page, int signal, KernelSigaction* action, KernelSigaction* old)
    {
        var invoke = (delegate* unmanaged<long, long, long, long, long, long, long, long>)(page + Offset.Invoke);
        invoke((long)SystemCall.RtSigaction, signal, (long)action, (long)old, sizeof(ulong), 0, 0);
    }

    /// <summary>struct kernel_sigaction. Source: linux/arch/x86/include/uapi/asm/signal.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct KernelSigaction
    {
        internal ulong Handler;
        internal ulong Flags;
        internal ulong Restorer;
        internal ulong Mask;
    }
}
