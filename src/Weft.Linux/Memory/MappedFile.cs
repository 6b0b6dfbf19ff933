namespace Weft.Linux.Memory;

/// <summary>A mapped file as /proc/self/maps shows it.</summary>
/// <param name="Path">Path at the time of mapping, or a made-up name such as "/memfd:x (deleted)".</param>
/// <param name="Device">st_dev.</param>
/// <param name="Inode">st_ino.</param>
/// <param name="Writable">The descriptor was open for writing, so that a shared map may become writable.</param>
public sealed record MappedFile(string Path, ulong Device, ulong Inode, bool Writable)
{
    /// <summary>A descriptor of the file, for a shared mapping of a regular file; else null.</summary>
    public BackingFile? Backing { get; init; }

    /// <summary>A segment of System V shared memory; <see cref="Inode"/> is its id.</summary>
    public bool IsSystemV { get; init; }
}
