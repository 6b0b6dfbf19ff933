namespace Weft.Linux.Checkpoint;

/// <summary>What stands behind an open file of a state.</summary>
public enum FileKind
{
    /// <summary>A descriptor of the host, which is inherited under its number.</summary>
    Host,

    /// <summary>A file of the VM's own view: its content, in a memfd, is inherited.</summary>
    Virtual,

    /// <summary>A directory of the VM's own view.</summary>
    VirtualDirectory,

    /// <summary>A signalfd, made anew.</summary>
    Signals,

    /// <summary>An RDMA netlink socket.</summary>
    RdmaSocket,

    /// <summary>What ends with the VM that opened it, such as an RDMA context: the number stays taken, each use is EBADF.</summary>
    Gone,
}
