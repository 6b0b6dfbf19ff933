namespace Weft.Linux.Loading;

/// <summary>
/// Types of auxiliary vector entries that <see cref="InitialStack"/> writes. Source: getauxval(3), linux/auxvec.h, asm/auxvec.h.
/// </summary>
public enum AuxiliaryType : ulong
{
    /// <summary>AT_NULL: the end.</summary>
    Null = 0,

    /// <summary>AT_PHDR: address of the program headers.</summary>
    ProgramHeaders = 3,

    /// <summary>AT_PHENT: size of one of them.</summary>
    ProgramHeaderSize = 4,

    /// <summary>AT_PHNUM: their number.</summary>
    ProgramHeaderCount = 5,

    /// <summary>AT_PAGESZ: bytes a page.</summary>
    PageSize = 6,

    /// <summary>AT_BASE: load bias of the interpreter.</summary>
    InterpreterBase = 7,

    /// <summary>AT_FLAGS: zero.</summary>
    Flags = 8,

    /// <summary>AT_ENTRY: the program's entry point.</summary>
    Entry = 9,

    /// <summary>AT_UID: real user.</summary>
    UserId = 11,

    /// <summary>AT_EUID: effective user.</summary>
    EffectiveUserId = 12,

    /// <summary>AT_GID: real group.</summary>
    GroupId = 13,

    /// <summary>AT_EGID: effective group.</summary>
    EffectiveGroupId = 14,

    /// <summary>AT_PLATFORM: address of "x86_64".</summary>
    Platform = 15,

    /// <summary>AT_HWCAP: CPUID leaf 1, EDX.</summary>
    HardwareCapabilities = 16,

    /// <summary>AT_CLKTCK: ticks a second of times(2).</summary>
    ClockTicks = 17,

    /// <summary>AT_SECURE: 1 if the program is to distrust its environment.</summary>
    Secure = 23,

    /// <summary>AT_RANDOM: address of 16 random bytes.</summary>
    Random = 25,

    /// <summary>AT_HWCAP2: bit 1 says that RDFSBASE and its kin work in user mode.</summary>
    HardwareCapabilities2 = 26,

    /// <summary>AT_EXECFN: address of the path that was started.</summary>
    ExecutedPath = 31,

    /// <summary>AT_SYSINFO_EHDR: address of the vDSO.</summary>
    VdsoHeader = 33,

    /// <summary>AT_MINSIGSTKSZ: bytes that delivering a signal takes on the stack.</summary>
    MinimumSignalStack = 51,
}
