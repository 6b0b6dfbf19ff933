using System.Runtime.Intrinsics.X86;

namespace Weft.Linux.Time;

/// <summary>What this host's processor says about its time-stamp counter.</summary>
public static class ClockPageTsc
{
    private const long MeasureNs = 200_000;

    /// <summary>True when the counter runs at one rate whatever the processor does; otherwise no clock may rest on it.</summary>
    /// <remarks>Source: Intel SDM volume 2, CPUID leaf 80000007H, EDX bit 8; AMD APM volume 3 likewise.</remarks>
    public static bool IsInvariant
    {
        get
        {
            if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x8000_0000), 0).Eax < 0x8000_0007)
                return false;
            return (X86Base.CpuId(unchecked((int)0x8000_0007), 0).Edx & 1 << 8) != 0;
        }
    }

    /// <summary>The counter's frequency, right to about 0.1 %, as the beginning of a calibration: measured against
    /// CLOCK_MONOTONIC, which takes 0.2 ms of the calling thread. Prefer KVM_GET_TSC_KHZ where a vCPU is at hand.</summary>
    public static ulong MeasureHz()
    {
        var sampler = new ClockSampler(0);
        var from = sampler.Take().Monotonic;
        while (true)
        {
            var to = sampler.Take().Monotonic;
            var elapsedNs = to.Nanoseconds - from.Nanoseconds;
            if (elapsedNs >= MeasureNs)
                return (ulong)((to.Tsc - from.Tsc) * 1e9 / elapsedNs);
        }
    }
}
