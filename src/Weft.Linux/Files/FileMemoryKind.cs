namespace Weft.Linux.Files;

/// <summary>Whether a file's pages count against a memory limit; looked up when the program first writes it.</summary>
internal enum FileMemoryKind : byte
{
    /// <summary>Nobody has looked.</summary>
    Unknown,

    /// <summary>Not a file in memory.</summary>
    Other,

    /// <summary>A memfd or a file of a tmpfs, and followed.</summary>
    Memory,
}
