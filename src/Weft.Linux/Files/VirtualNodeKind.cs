namespace Weft.Linux.Files;

/// <summary>What a virtual path stands for.</summary>
public enum VirtualNodeKind
{
    /// <summary>A regular file whose content is made when it is opened.</summary>
    File,

    /// <summary>A directory whose entries are made when it is opened.</summary>
    Directory,

    /// <summary>A symbolic link; its target is resolved as the program's own path.</summary>
    Symlink,

    /// <summary>A path of the host, outside any narrowing: devices that every program has.</summary>
    HostPath,

    /// <summary>A descriptor of the guest, opened anew: /proc/self/fd/N.</summary>
    Descriptor,

    /// <summary>A character device that the VMM serves.</summary>
    Device,
}
