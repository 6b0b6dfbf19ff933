namespace Weft.Linux.Files;

/// <summary>What the attendant must know of an open file: whether the host could wait in a call on it.</summary>
internal enum FileNature : byte
{
    /// <summary>Not looked at yet.</summary>
    Unknown,

    /// <summary>Anything may happen: terminals, devices, procfs, file systems over a network or in user space.</summary>
    Other,

    /// <summary>A regular file on a local disk: reads wait for what is not in the page cache.</summary>
    StoredFile,

    /// <summary>A regular file in memory: tmpfs, memfds.</summary>
    MemoryFile,

    /// <summary>A directory on a local disk or in memory.</summary>
    Directory,

    /// <summary>A pipe or FIFO.</summary>
    Pipe,

    /// <summary>Sockets, eventfds and their like.</summary>
    Stream,
}
