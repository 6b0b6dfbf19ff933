namespace Weft.Machine;

/// <summary>What the host maps behind a range of guest physical memory.</summary>
public enum HostContent
{
    /// <summary>Private zero-filled memory.</summary>
    Anonymous,

    /// <summary>A private map of a file: copied on write.</summary>
    PrivateFile,

    /// <summary>A shared map of a file or memfd that may be written.</summary>
    SharedFile,

    /// <summary>A shared map of a file that was opened for reading only.</summary>
    SharedFileReadOnly,

    /// <summary>The machine's doorbell page, or the clock behind it, wherever and how often it is mapped.</summary>
    Doorbell,
}
