using Weft.Linux.Memory;
using Weft.Machine;
using Weft.Native;

namespace Weft.Linux.Time;

/// <summary>Puts the vDSO and its clock page into an address space.</summary>
internal static class VdsoMapping
{
    private const ulong HertzPerKilohertz = 1000;

    private const string ClockName = "[vvar]";

    /// <summary>Goes on with a clock page that came with another VMM's memory; it is written anew. None where the program has unmapped it.</summary>
    internal static void Attach(Process process, Vcpu vcpu)
    {
        MemoryArea? clock = Array.Find(process.Memory.SnapshotAreas(), static area => area.Name == ClockName);
        if (clock is not null && process.Memory.TryGetHostRange(new(clock.Start), ClockPageLayout.PageBytes, PageAccess.Read, out HostAddress host, out _))
            Start(process, vcpu, host);
    }

    /// <summary>Maps both, side by side. Returns the address of the vDSO's ELF header.</summary>
    /// <exception cref="InvalidOperationException">The address space is full: impossible in a fresh one.</exception>
    internal static ulong Map(Process process, Vcpu vcpu)
    {
        ulong clock = Place(process, 0, VdsoImage.SpanBytes, Protection.Read, ClockName, MapPlacement.Anywhere);
        ulong image = Place(process, clock + ClockPageLayout.PageBytes, VdsoImage.SizeBytes, Protection.Read | Protection.Execute, "[vdso]", MapPlacement.Fixed);
        if (!process.Memory.TryGetHostRange(new(clock), ClockPageLayout.PageBytes, PageAccess.Read, out HostAddress clockHost, out _)
            || !process.Memory.TryGetHostRange(new(image), VdsoImage.SizeBytes, PageAccess.Read, out HostAddress imageHost, out _))
            throw new InvalidOperationException("The vDSO's pages are not mapped.");
        HostStubs.TryWrite(imageHost, VdsoImage.Bytes);
        Start(process, vcpu, clockHost);
        return image;
    }

    private static void Start(Process process, Vcpu vcpu, HostAddress clockHost)
    {
        ulong hertz = vcpu.TscKhz > 0 ? (ulong)vcpu.TscKhz * HertzPerKilohertz : ClockPageTsc.MeasureHz();
        // The host's clocks run at KVM's frequency but for NTP's correction, some tens of parts in a million.
        double rateError = vcpu.TscKhz > 0 ? 1e-4 : ClockTrack.UsualRateError;
        process.Kernel.Clock = new ClockPage((nint)clockHost.Value, hertz, process.Kernel.Options.ProcessorCount, tscIsSteady: ClockPageTsc.IsInvariant, rateError: rateError);
    }

    private static ulong Place(Process process, ulong address, ulong lengthBytes, Protection protection, string name, MapPlacement placement)
    {
        SyscallResult result = process.Memory.Map(new MapRequest
        {
            Address = address,
            LengthBytes = lengthBytes,
            Protection = protection,
            Placement = placement,
            Populate = true,
            Name = name,
        });
        return result.IsError ? throw new InvalidOperationException($"No room for the vDSO: {result.Error}.") : (ulong)result.Value;
    }
}
