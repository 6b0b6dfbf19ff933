namespace Weft.Linux.Loading;

/// <summary>
/// What the auxiliary vector tells a program, apart from what lies on the stack itself (AT_RANDOM, AT_EXECFN, AT_PLATFORM).
/// AT_RSEQ_FEATURE_SIZE and AT_RSEQ_ALIGN are left out because rseq answers ENOSYS.
/// </summary>
public sealed record AuxiliaryValues
{
    /// <summary>Address of the vDSO's ELF header; 0 leaves AT_SYSINFO_EHDR out.</summary>
    public required ulong VdsoHeader { get; init; }

    /// <summary>Bytes that delivering a signal takes on the stack: the frame and the vector state.</summary>
    public required ulong MinimumSignalStack { get; init; }

    /// <summary>CPUID leaf 1, EDX, as the program sees it.</summary>
    public required uint HardwareCapabilities { get; init; }

    /// <summary>Bit 1 (HWCAP2_FSGSBASE) if RDFSBASE and its kin work in user mode.</summary>
    public required uint HardwareCapabilities2 { get; init; }

    /// <summary>Bytes a page.</summary>
    public ulong PageSize { get; init; } = 4096;

    /// <summary>Ticks a second of times(2).</summary>
    public ulong ClockTicks { get; init; } = 100;

    /// <summary>The program's <see cref="LoadPlan.ProgramHeaderAddress"/>.</summary>
    public required ulong ProgramHeaderAddress { get; init; }

    /// <summary>The program's <see cref="ElfImage.ProgramHeaderCount"/>.</summary>
    public required int ProgramHeaderCount { get; init; }

    /// <summary>The interpreter's <see cref="LoadPlan.Bias"/>, or 0 without one.</summary>
    public required ulong InterpreterBase { get; init; }

    /// <summary>The program's own <see cref="LoadPlan.Entry"/>, also if an interpreter runs first.</summary>
    public required ulong Entry { get; init; }

    /// <summary>Real user.</summary>
    public required uint UserId { get; init; }

    /// <summary>Effective user.</summary>
    public required uint EffectiveUserId { get; init; }

    /// <summary>Real group.</summary>
    public required uint GroupId { get; init; }

    /// <summary>Effective group.</summary>
    public required uint EffectiveGroupId { get; init; }

    /// <summary>True if the program is to distrust its environment (set-user-ID and the like).</summary>
    public bool Secure { get; init; }
}
