namespace Weft.Linux.Files;

/// <summary>Flags of open(2), openat2(2) and the *at calls. Source: asm-generic/fcntl.h, linux/fcntl.h, linux/openat2.h.</summary>
internal static class OpenFlags
{
    internal const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, AccessMode = 3;
    internal const int Create = 0x40, Exclusive = 0x80, NoControllingTerminal = 0x100, Truncate = 0x200, Append = 0x400, NonBlocking = 0x800;
    internal const int Async = 0x2000, Direct = 0x4000, LargeFile = 0x8000, Directory = 0x10000, NoFollow = 0x20000, CloseOnExec = 0x80000, Path = 0x200000;

    /// <summary>__O_TMPFILE alone, without O_DIRECTORY.</summary>
    internal const int Temporary = 0x400000;

    /// <summary>All that the kernel knows; open ignores the others, openat2 refuses them.</summary>
    internal const int Known = 0x7f_ffc3;

    /// <summary>What O_PATH leaves of the others.</summary>
    internal const int WithPath = Directory | NoFollow | Path | CloseOnExec;

    internal const int CurrentDirectory = -100;
    internal const int AtNoFollow = 0x100, AtRemoveDirectory = 0x200, AtEffectiveAccess = 0x200, AtFollow = 0x400, AtNoAutomount = 0x800, AtEmptyPath = 0x1000;

    internal const ulong ResolveNoCrossing = 1, ResolveNoMagicLinks = 2, ResolveNoSymlinks = 4, ResolveBeneath = 8, ResolveInRoot = 0x10, ResolveCached = 0x20;
}
