using System.Runtime.InteropServices;
using Weft.Linux.Time;

namespace Weft.Linux.Tests.Time;

/// <summary>A clock page and the vDSO image mapped into this process as they lie in a guest, with the functions found
/// by their symbols, and beside them the host's own: libc's (host vDSO) and the bare system call.</summary>
internal sealed unsafe partial class VdsoMapping : IDisposable
{
    public const int FellBack = -1;

    private readonly byte* _memory;
    private readonly delegate* unmanaged<int, long*, long> _clockGetTime;
    private readonly delegate* unmanaged<int, long*, long> _clockGetResolution;
    private readonly delegate* unmanaged<long*, int*, long> _getTimeOfDay;
    private readonly delegate* unmanaged<long*, long> _time;
    private readonly delegate* unmanaged<uint*, uint*, void*, long> _getCpu;

    /// <param name="catchFallback">Makes clock_gettime return <see cref="FellBack"/> where it would call the kernel, so
    /// that the caller can answer as a VMM does.</param>
    public VdsoMapping(bool catchFallback = false)
    {
        _memory = (byte*)MemoryMap(null, VdsoImage.SpanBytes, 3, 0x22, -1, 0);
        Assert.True(_memory != (void*)-1);
        var image = _memory + ClockPageLayout.PageBytes;
        VdsoImage.Bytes.CopyTo(new Span<byte>(image, VdsoImage.SizeBytes));
        if (catchFallback)
        {
            ReadOnlySpan<byte> call = [0xB8, 228, 0, 0, 0, 0x0F, 0x05, 0xC3]; // mov eax, 228; syscall; ret
            ReadOnlySpan<byte> instead = [0xB8, 0xFF, 0xFF, 0xFF, 0xFF, 0x90, 0x90, 0xC3]; // mov eax, FellBack; nop; nop; ret
            var code = new Span<byte>(image, VdsoImage.SizeBytes);
            instead.CopyTo(code[code.IndexOf(call)..]);
        }
        Assert.Equal(0, MemoryProtect(image, VdsoImage.SizeBytes, 5));
        var symbols = new VdsoSymbols(VdsoImage.Bytes);
        _clockGetTime = (delegate* unmanaged<int, long*, long>)Find("clock_gettime");
        _clockGetResolution = (delegate* unmanaged<int, long*, long>)Find("clock_getres");
        _getTimeOfDay = (delegate* unmanaged<long*, int*, long>)Find("gettimeofday");
        _time = (delegate* unmanaged<long*, long>)Find("time");
        _getCpu = (delegate* unmanaged<uint*, uint*, void*, long>)Find("getcpu");

        void* Find(string name) => image + symbols.FindByGnuHash("__vdso_" + name, "LINUX_2.6");
    }

    public nint Page => (nint)_memory;

    /// <summary>The functions return what the kernel would: int, in the low half of RAX.</summary>
    public int ClockGetTime(int clock, out long nanoseconds)
    {
        var time = stackalloc long[2];
        var result = (int)_clockGetTime(clock, time);
        nanoseconds = time[0] * 1_000_000_000 + time[1];
        return time[1] is >= 0 and < 1_000_000_000 ? result : throw new InvalidOperationException($"{time[1]} ns");
    }

    public int ClockGetResolution(int clock, out long nanoseconds)
    {
        var time = stackalloc long[2];
        var result = (int)_clockGetResolution(clock, time);
        nanoseconds = time[0] * 1_000_000_000 + time[1];
        return result;
    }

    public int ClockGetResolutionWithoutPointer(int clock) => (int)_clockGetResolution(clock, null);

    public int GetTimeOfDay(out long microseconds)
    {
        var time = stackalloc long[2];
        var result = (int)_getTimeOfDay(time, null);
        microseconds = time[0] * 1_000_000 + time[1];
        return result;
    }

    public int GetTimeOfDayWithoutTime(out (int MinutesWest, int Dst) zone)
    {
        var both = stackalloc int[2] { -1, -1 };
        var result = (int)_getTimeOfDay(null, both);
        zone = (both[0], both[1]);
        return result;
    }

    public int GetTimeOfDayWithoutPointers() => (int)_getTimeOfDay(null, null);

    public long Time(out long stored)
    {
        long value;
        var result = _time(&value);
        stored = value;
        return result;
    }

    public long TimeWithoutPointer() => _time(null);

    public int GetCpu(out uint cpu, out uint node)
    {
        uint c = 77, n = 77;
        var result = (int)_getCpu(&c, &n, null);
        (cpu, node) = (c, n);
        return result;
    }

    public (int None, int CpuOnly, int NodeOnly) GetCpuWithMissingPointers()
    {
        uint value;
        return ((int)_getCpu(null, null, null), (int)_getCpu(&value, null, null), (int)_getCpu(null, &value, null));
    }

    public ref ulong PageField(int offset) => ref *(ulong*)(_memory + offset);

    public ref uint PageWord(int offset) => ref *(uint*)(_memory + offset);

    /// <summary>The kernel's answer to a clock call, negative errno included.</summary>
    public static int KernelClock(int number, int clock, out long nanoseconds)
    {
        var time = stackalloc long[2];
        var result = SystemCall(number, clock, (nint)time);
        nanoseconds = time[0] * 1_000_000_000 + time[1];
        return result < 0 ? -Marshal.GetLastPInvokeError() : (int)result;
    }

    public static long HostClock(int clock) =>
        Weft.Native.HostClocks.TryReadClock(clock, out var ns) ? ns : throw new InvalidOperationException($"clock {clock}");

    public static uint HostCpu()
    {
        uint cpu;
        SystemCall(309, (nint)(&cpu), 0);
        return cpu;
    }

    /// <summary>ns a call of CLOCK_MONOTONIC: ours, and the host's vDSO by way of libc.</summary>
    public (double Ours, double Host) Measure(int calls)
    {
        var time = stackalloc long[2];
        var t0 = HostClock(1);
        for (var i = 0; i < calls; i++)
            _clockGetTime(1, time);
        var t1 = HostClock(1);
        for (var i = 0; i < calls; i++)
            LibcClockGetTime(1, time);
        return ((t1 - t0) / (double)calls, (HostClock(1) - t1) / (double)calls);
    }

    public void Dispose() => MemoryUnmap(_memory, VdsoImage.SpanBytes);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int LibcClockGetTime(int clock, long* time);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long SystemCall(long number, long first, long second);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial void* MemoryMap(void* address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int MemoryProtect(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int MemoryUnmap(void* address, nuint length);
}
