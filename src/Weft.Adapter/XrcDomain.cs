namespace Weft.Adapter;

/// <summary>An XRC domain: contexts of one VM that name the same file share it.</summary>
internal sealed class XrcDomain(ulong device, ulong inode)
{
    internal ulong Device { get; } = device;

    internal ulong Inode { get; } = inode;

    /// <summary>Contexts that have it open.</summary>
    internal int Openings { get; set; }
}
