namespace Weft.Linux.Groups;

/// <summary>What a member asks of another: the first word of each message. Replies begin with 0 or -errno.</summary>
internal enum GroupRequest
{
    /// <summary>Where ranges of memory are in the peer's VMM: access (4 bytes), then pairs of address and length. Holds the peer's freed memory until <see cref="Done"/>.</summary>
    Translate = 1,

    /// <summary>The translated ranges are not used any more. No reply.</summary>
    Done = 2,

    /// <summary>The host's number of a descriptor (4 bytes).</summary>
    Descriptor = 3,

    /// <summary>The content of a file below /proc/PID.</summary>
    ReadFile = 4,

    /// <summary>The numbers of the open descriptors.</summary>
    ListDescriptors = 5,

    /// <summary>The text of a link below /proc/PID.</summary>
    ReadLink = 6,

    /// <summary>The memory itself: arena length, page tables' root and reader word's place (8 bytes each), with two descriptors.</summary>
    Memory = 7,

    /// <summary>The ids of the threads.</summary>
    ListThreads = 8,
}
