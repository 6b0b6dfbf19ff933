namespace Weft.Linux.Loading;

/// <summary>Why a file cannot be loaded as a program. <see cref="ElfFailure"/> adds the sentence and the errno.</summary>
public enum ElfError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>The file does not begin with 0x7f "ELF".</summary>
    NotElf,

    /// <summary>A 32-bit ELF file (also x32).</summary>
    ThirtyTwoBit,

    /// <summary>A big-endian ELF file.</summary>
    BigEndian,

    /// <summary>Built for another processor.</summary>
    WrongMachine,

    /// <summary>An object file that must be linked first (ET_REL).</summary>
    Relocatable,

    /// <summary>A core dump (ET_CORE).</summary>
    CoreDump,

    /// <summary>Neither ET_EXEC nor ET_DYN, nor a type that has a name.</summary>
    NotExecutable,

    /// <summary>e_phentsize is not 56.</summary>
    BadProgramHeaderSize,

    /// <summary>e_phnum is zero.</summary>
    NoProgramHeaders,

    /// <summary>The program headers take more than 64 KiB, which Linux refuses too.</summary>
    TooManyProgramHeaders,

    /// <summary>The bytes given do not hold the program headers; read <see cref="ElfImage.TryProgramHeaderRange"/> and parse again.</summary>
    ProgramHeadersNotGiven,

    /// <summary>The program headers, or what they describe, go past the end of the file.</summary>
    Truncated,

    /// <summary>PT_INTERP is shorter than 2 bytes, longer than 4096, or not NUL-terminated.</summary>
    BadInterpreter,

    /// <summary>PT_INTERP lies past the end of the file.</summary>
    InterpreterOutsideFile,

    /// <summary>Nothing to load: no PT_LOAD, or only empty ones.</summary>
    NoLoadSegments,

    /// <summary>A segment has more bytes in the file than in memory.</summary>
    FileSizeExceedsMemorySize,

    /// <summary>A segment, or the entry point, lies outside the 47-bit user address space.</summary>
    AddressOutOfRange,

    /// <summary>A segment lies below <see cref="LoadPlan.MinimumAddress"/>.</summary>
    AddressTooLow,

    /// <summary>A segment's file offset and address differ within a page, so that it cannot be mapped.</summary>
    Misaligned,

    /// <summary>An alignment asked for is larger than the address space can honour.</summary>
    AlignmentTooLarge,
}
