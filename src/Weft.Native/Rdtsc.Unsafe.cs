using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Weft.Native;

/// <summary>
/// The host's time sources at the price user space pays for them: the time-stamp counter, read by seven instructions
/// on an executable page of our own (.NET has no intrinsic for RDTSC), and <c>clock_gettime</c> through the host's vDSO.
/// </summary>
/// <remarks>Every member may be called from any thread and never blocks.
/// The page is made on first use and lives as long as the process.
/// Errors: a host that refuses executable anonymous memory makes the first use throw
/// <see cref="TypeInitializationException"/> round a <see cref="Win32Exception"/> with the errno.</remarks>
public static unsafe partial class Rdtsc
{
    private const nuint PageBytes = 4096;
    private const int ProtRead = 1, ProtWrite = 2, ProtExec = 4;
    private const int MapPrivate = 2, MapAnonymous = 0x20;

    private static readonly delegate* unmanaged[SuppressGCTransition]<ulong> s_read = MapCode();

    // lfence; rdtsc; lfence; shl rdx, 32; or rax, rdx; ret
    private static ReadOnlySpan<byte> Code =>
        [0x0F, 0xAE, 0xE8, 0x0F, 0x31, 0x0F, 0xAE, 0xE8, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3];

    /// <summary>The host's time-stamp counter, in ticks. Every instruction before the call has finished when the counter
    /// is read, and none after it has begun.</summary>
    public static ulong Read() => s_read();

    /// <summary>The host's clock <paramref name="clockId"/> (CLOCK_MONOTONIC is 1), in nanoseconds.</summary>
    /// <returns>False when the host's kernel doesn't know the clock; <paramref name="nanoseconds"/> is then 0.</returns>
    /// <remarks>Source: clock_gettime(2). Costs what the host's own vDSO costs where it serves the clock.</remarks>
    public static bool TryReadClock(int clockId, out long nanoseconds)
    {
        Timespec time;
        // SAFETY: the kernel or its vDSO writes 16 bytes to a local of that size.
        var known = ClockGetTime(clockId, &time) == 0;
        nanoseconds = known ? time.Seconds * 1_000_000_000 + time.Nanoseconds : 0;
        return known;
    }

    /// <summary>What the host's kernel calls the resolution of clock <paramref name="clockId"/>, in nanoseconds;
    /// 0 when it doesn't know the clock.</summary>
    /// <remarks>Source: clock_getres(2).</remarks>
    public static long ReadClockResolution(int clockId)
    {
        Timespec time;
        // SAFETY: as in TryReadClock.
        return ClockGetResolution(clockId, &time) == 0 ? time.Seconds * 1_000_000_000 + time.Nanoseconds : 0;
    }

    private static delegate* unmanaged[SuppressGCTransition]<ulong> MapCode()
    {
        var page = MemoryMap(null, PageBytes, ProtRead | ProtWrite, MapPrivate | MapAnonymous, -1, 0);
        if (page == (void*)-1)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        // SAFETY: the page was just mapped writable, and the code is 16 bytes long.
        Code.CopyTo(new Span<byte>(page, Code.Length));
        if (MemoryProtect(page, PageBytes, ProtRead | ProtExec) != 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        return (delegate* unmanaged[SuppressGCTransition]<ulong>)page;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static partial int ClockGetTime(int clockId, Timespec* time);

    [LibraryImport("libc", EntryPoint = "clock_getres")]
    private static partial int ClockGetResolution(int clockId, Timespec* time);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* MemoryMap(void* address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int MemoryProtect(void* address, nuint length, int protection);

    // Source: struct timespec of the x86-64 psABI.
    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
