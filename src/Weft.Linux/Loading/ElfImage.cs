using System.Diagnostics.CodeAnalysis;

namespace Weft.Linux.Loading;

/// <summary>
/// What a loader must know of an ELF executable or shared object for x86-64. Immutable; made only by
/// <see cref="TryParse(ReadOnlySpan{byte}, long, ElfRole, out ElfImage?, out ElfFailure)"/>, so every value holds what
/// <see cref="ElfSegment"/> promises.
/// </summary>
/// <remarks>
/// Accepts and refuses what Linux does: identification bytes behind the magic, e_version and section headers are not looked at,
/// segments may overlap or come in any order (the later replaces the earlier), an alignment that is no power of two counts for nothing.
/// One difference: a segment whose file part goes past the end of the file is refused, where Linux raises SIGBUS at its first touch.
/// Source: Linux fs/binfmt_elf.c (behaviour of 6.10 and later), elf(5).
/// </remarks>
public sealed class ElfImage
{
    /// <summary>Bytes of the ELF header; <see cref="TryProgramHeaderRange"/> wants that many where the file has them.</summary>
    public const int HeaderSize = ElfFormat.HeaderSize;

    /// <summary>The size of one program header, for AT_PHENT.</summary>
    public const int ProgramHeaderSize = ElfFormat.ProgramHeaderSize;

    private readonly ElfSegment[] segments;

    internal ElfImage(ElfSegment[] segments) => this.segments = segments;

    /// <summary>True for ET_DYN, which may be loaded anywhere; false for ET_EXEC, whose bias must be zero.</summary>
    public required bool IsPositionIndependent { get; init; }

    /// <summary>e_entry, before the load bias. <see cref="LoadPlan.TryCreate"/> checks it where Linux does.</summary>
    public required ulong Entry { get; init; }

    /// <summary>e_phnum, for AT_PHNUM: 1 to 1170.</summary>
    public required int ProgramHeaderCount { get; init; }

    /// <summary>
    /// Where the program headers come to lie in memory, before the load bias, for AT_PHDR; 0 if no segment maps them, as in Linux.
    /// </summary>
    public required ulong ProgramHeaderAddress { get; init; }

    /// <summary>Where the file names its dynamic loader (with its final NUL), or null: none, or this is the loader.</summary>
    public required FileRange? Interpreter { get; init; }

    /// <summary>True if PT_GNU_STACK asks for an executable stack. Absent means no, as Linux does for x86-64 since 5.8.</summary>
    public required bool HasExecutableStack { get; init; }

    /// <summary>The PT_LOAD segments in the file's order; at least one of them is not empty.</summary>
    public ReadOnlySpan<ElfSegment> Segments => segments;

    /// <summary>Lowest page of the non-empty segments, before the bias: a multiple of 4096.</summary>
    public required ulong SpanLow { get; init; }

    /// <summary>First page behind the non-empty segments, before the bias: a multiple of 4096.</summary>
    public required ulong SpanHigh { get; init; }

    /// <summary>First address behind all segments, empty ones too, before the bias: where the break starts, once rounded up.</summary>
    public required ulong BreakAddress { get; init; }

    /// <summary>The largest power of two among p_align of the segments, at least 4096. A hostile file may ask for 1 &lt;&lt; 63.</summary>
    public required ulong Alignment { get; init; }

    /// <summary>Reads a file's header and program headers.</summary>
    /// <param name="head">
    /// The first bytes of the file, at best 64 KiB or the whole file. If the program headers lie further in, the answer is
    /// <see cref="ElfError.ProgramHeadersNotGiven"/>: read <see cref="TryProgramHeaderRange"/> and call the other overload.
    /// </param>
    /// <param name="fileLength">The file's length in bytes.</param>
    /// <param name="role">What the file is to be loaded as.</param>
    /// <param name="image">The description, if true is returned.</param>
    /// <param name="failure">Why not, if false is returned.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> head, long fileLength, ElfRole role, [NotNullWhen(true)] out ElfImage? image, out ElfFailure failure)
    {
        image = null;
        if (!TryProgramHeaderRange(head, fileLength, out FileRange range, out failure))
            return false;
        if (range.Offset > head.Length - range.Length)
        {
            failure = new(ElfError.ProgramHeadersNotGiven, "has its program headers outside the part that was read");
            return false;
        }

        ReadOnlySpan<byte> table = head.Slice((int)range.Offset, range.Length);
        return ElfReader.TryRead(head, table, fileLength, role, out image, out failure);
    }

    /// <summary>Reads a header and program headers that were read from the file separately.</summary>
    /// <param name="head">The first <see cref="HeaderSize"/> bytes of the file or more; fewer only if the file is shorter.</param>
    /// <param name="programHeaders">The bytes at <see cref="TryProgramHeaderRange"/>, exactly.</param>
    /// <param name="fileLength">The file's length in bytes.</param>
    /// <param name="role">What the file is to be loaded as.</param>
    /// <param name="image">The description, if true is returned.</param>
    /// <param name="failure">Why not, if false is returned.</param>
    public static bool TryParse(
        ReadOnlySpan<byte> head,
        ReadOnlySpan<byte> programHeaders,
        long fileLength,
        ElfRole role,
        [NotNullWhen(true)] out ElfImage? image,
        out ElfFailure failure)
    {
        image = null;
        if (!TryProgramHeaderRange(head, fileLength, out FileRange range, out failure))
            return false;
        if (programHeaders.Length != range.Length)
        {
            failure = new(ElfError.ProgramHeadersNotGiven, "changed while it was read");
            return false;
        }

        return ElfReader.TryRead(head, programHeaders, fileLength, role, out image, out failure);
    }

    /// <summary>Checks a file's first 64 bytes and says where its program headers are.</summary>
    /// <param name="head">The first <see cref="HeaderSize"/> bytes or more; fewer only if the file is shorter.</param>
    /// <param name="fileLength">The file's length in bytes.</param>
    /// <param name="range">The table, within the file and at most 64 KiB, if true is returned.</param>
    /// <param name="failure">Why not, if false is returned.</param>
    public static bool TryProgramHeaderRange(
        ReadOnlySpan<byte> head, long fileLength, out FileRange range, out ElfFailure failure)
        => ElfReader.TryProgramHeaderRange(head, fileLength, out range, out failure);

    /// <summary>Takes the loader's path out of the bytes that <see cref="Interpreter"/> points to.</summary>
    /// <param name="bytes">The bytes read there.</param>
    /// <param name="path">The path up to its first NUL, without it; it may be empty, which names no file (ENOENT).</param>
    /// <param name="failure">Why not, if false is returned.</param>
    public static bool TryInterpreterPath(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out byte[]? path, out ElfFailure failure)
    {
        if (bytes.Length is < ElfFormat.MinInterpreterPath or > ElfFormat.MaxInterpreterPath || bytes[^1] != 0)
        {
            path = null;
            failure = ElfReader.BadInterpreter;
            return false;
        }

        path = bytes[..bytes.IndexOf((byte)0)].ToArray();
        failure = default;
        return true;
    }
}
