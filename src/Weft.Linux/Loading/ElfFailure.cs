namespace Weft.Linux.Loading;

/// <summary>A refusal to load a file: the kind, and one line for the user (no file name, no final full stop).</summary>
/// <param name="Error">The kind; <see cref="ElfError.None"/> in a default value.</param>
/// <param name="Message">A clause that reads on from the file's name, e.g. "is a 32-bit ELF file; only x86-64 programs can run".</param>
public readonly record struct ElfFailure(ElfError Error, string Message)
{
    private const int NotPermitted = 1;
    private const int IoError = 5;
    private const int ExecFormatError = 8;
    private const int OutOfMemory = 12;
    private const int InvalidArgument = 22;
    private const int LibraryBad = 80;

    /// <summary>The errno, as a positive number, with which Linux's execve answers this.</summary>
    /// <param name="role">Whether the file was the program or its interpreter.</param>
    /// <remarks>
    /// Faults of segments come to light in Linux only after the old image is gone, so there the process dies of SIGSEGV
    /// and no program sees the number. <see cref="ElfError.Truncated"/> has no counterpart when it concerns a segment: Linux maps
    /// past the end of the file and raises SIGBUS at the first touch.
    /// Source: Linux fs/binfmt_elf.c, execve(2).
    /// </remarks>
    public int Errno(ElfRole role) => Error switch
    {
        ElfError.None => 0,
        ElfError.InterpreterOutsideFile => IoError,
        ElfError.AddressTooLow => NotPermitted,
        ElfError.AlignmentTooLarge => OutOfMemory,
        ElfError.NoLoadSegments or ElfError.Misaligned => InvalidArgument,
        ElfError.FileSizeExceedsMemorySize or ElfError.AddressOutOfRange =>
            role == ElfRole.Program ? InvalidArgument : OutOfMemory,
        _ => role == ElfRole.Program ? ExecFormatError : LibraryBad,
    };

    /// <inheritdoc/>
    public override string ToString() => Message ?? string.Empty;
}
