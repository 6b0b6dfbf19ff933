namespace Weft.Linux.Loading;

/// <summary>Access to mapped pages, with the values of PROT_READ, PROT_WRITE and PROT_EXEC. Source: mmap(2).</summary>
[Flags]
public enum SegmentProtection
{
    /// <summary>No access.</summary>
    None = 0,

    /// <summary>Readable.</summary>
    Read = 1,

    /// <summary>Writable.</summary>
    Write = 2,

    /// <summary>Executable.</summary>
    Execute = 4,
}
