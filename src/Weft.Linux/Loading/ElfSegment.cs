namespace Weft.Linux.Loading;

/// <summary>
/// A PT_LOAD header, checked: its file part lies in the file, its memory part in the user address space,
/// <see cref="FileSize"/> is at most <see cref="MemorySize"/>, and offset and address agree within a page if it has a file part.
/// </summary>
/// <param name="Address">p_vaddr, before the load bias.</param>
/// <param name="MemorySize">p_memsz, in bytes; may be zero.</param>
/// <param name="FileOffset">p_offset, in bytes; unchecked if <paramref name="FileSize"/> is zero.</param>
/// <param name="FileSize">p_filesz, in bytes; may be zero.</param>
/// <param name="Protection">From p_flags.</param>
/// <param name="Alignment">p_align as the file has it, any number.</param>
public readonly record struct ElfSegment(
    ulong Address,
    ulong MemorySize,
    ulong FileOffset,
    ulong FileSize,
    SegmentProtection Protection,
    ulong Alignment)
{
    /// <summary>First address behind the segment.</summary>
    public ulong End => Address + MemorySize;
}
