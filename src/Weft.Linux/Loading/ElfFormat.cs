namespace Weft.Linux.Loading;

/// <summary>Numbers of the 64-bit ELF format. Source: elf(5), the System V gABI, the x86-64 psABI.</summary>
internal static class ElfFormat
{
    internal const int HeaderSize = 64;
    internal const int ProgramHeaderSize = 56;

    // Linux's bound: 1170 headers.
    internal const int MaxProgramHeaderTableSize = 64 << 10;

    internal const int ClassOffset = 4;
    internal const int DataOffset = 5;
    internal const int TypeOffset = 16;
    internal const int MachineOffset = 18;
    internal const int EntryOffset = 24;
    internal const int ProgramHeaderOffsetOffset = 32;
    internal const int ProgramHeaderEntrySizeOffset = 54;
    internal const int ProgramHeaderCountOffset = 56;

    internal const byte Class32 = 1;
    internal const byte DataBigEndian = 2;

    internal const ushort TypeRelocatable = 1;
    internal const ushort TypeExecutable = 2;
    internal const ushort TypeDynamic = 3;
    internal const ushort TypeCore = 4;

    internal const ushort MachineX8664 = 62;

    internal const uint SegmentLoad = 1;
    internal const uint SegmentInterpreter = 3;
    internal const uint SegmentGnuStack = 0x6474e551;

    internal const uint FlagExecute = 1;
    internal const uint FlagWrite = 2;
    internal const uint FlagRead = 4;

    internal const ulong PageSize = 4096;
    internal const int MinInterpreterPath = 2;
    internal const int MaxInterpreterPath = 4096;

    internal static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F'];

    /// <summary>The common name of an e_machine, or its number.</summary>
    internal static string MachineName(ushort machine) => machine switch
    {
        2 => "SPARC",
        3 => "x86 (i386)",
        4 => "Motorola 68000",
        8 => "MIPS",
        20 => "PowerPC",
        21 => "64-bit PowerPC",
        22 => "IBM S/390",
        40 => "32-bit Arm",
        42 => "SuperH",
        43 => "64-bit SPARC",
        50 => "Itanium",
        62 => "x86-64",
        183 => "AArch64 (64-bit Arm)",
        189 => "MicroBlaze",
        243 => "RISC-V",
        247 => "BPF",
        258 => "LoongArch",
        0x9026 => "Alpha",
        _ => $"machine {machine}",
    };
}
