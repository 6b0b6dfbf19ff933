namespace Weft.Machine;

/// <summary>
/// Where the machine's own pages stand in every address space: the top 2 GiB of the lower half, out of the
/// program's reach. The lower half because a shadow-paging KVM may keep the upper one for its host.
/// </summary>
public static class SystemLayout
{
    /// <summary>First address that a program cannot map: Linux's TASK_SIZE, less our pages.</summary>
    public const ulong ProgramEnd = 0x7fff_8000_0000;

    internal const ulong InterruptTable = ProgramEnd;
    internal const ulong ExceptionStubs = ProgramEnd + 0x1000;
    // Only in a group: the copying code with the trampolines behind it, and its table of peers.
    internal const ulong CrossCopyCode = ProgramEnd + 0x4000, CrossCopyTable = ProgramEnd + 0x8000;
    internal const int CrossCopyCodePages = 4;

    /// <summary>
    /// Where the memory of a group's other members appears: a window each. Out of the program's reach by mmap, far from
    /// where programs, their heaps and libraries lie.
    /// </summary>
    public const ulong PeerWindows = 0x2000_0000_0000, PeerWindowsEnd = PeerWindows + MostPeerWindows * PeerWindowBytes;

    /// <summary>How many windows there are.</summary>
    public const int MostPeerWindows = 32;

    // Within a window: the peer's arena, then its system region.
    internal const ulong PeerWindowBytes = 0x140_0000_0000, PeerSystemWindow = 0x100_0000_0000;

    internal const ulong VcpuBlocks = ProgramEnd + 0x10_0000;
    internal const ulong VcpuBlockBytes = 0x4000;

    // Pages of a vCPU's block.
    internal const ulong SystemCallStub = 0x0000, SystemCallSlot = 0x1000, Tables = 0x2000, ExceptionStack = 0x3000;

    // Within the tables page.
    internal const ulong TaskState = 0x400, TaskStateBytes = 0x68, PortBitmapBytes = 9;
    internal const ushort GdtLimit = 0x7f;

    /// <summary>The port whose output leaves the system-call stub.</summary>
    internal const ushort SystemCallPort = 0x20;

    /// <summary>Vector v's stub writes to this port plus v.</summary>
    internal const ushort FirstExceptionPort = 0x40;

    /// <summary>Vectors that have a stub.</summary>
    internal const int ExceptionCount = 32;

    /// <summary>Distance of the vectors' stubs.</summary>
    internal const ulong ExceptionStubBytes = 16;

    /// <summary>The program's code and data selectors: Linux's __USER_CS and __USER_DS.</summary>
    public const ushort UserCode = 0x33, UserData = 0x2b;

    internal const ushort KernelCode = 0x10, KernelData = 0x18, TaskSelector = 0x38;
}
