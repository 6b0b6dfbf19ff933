namespace Weft.Linux.Files;

/// <summary>What an ioctl's argument is.</summary>
internal enum IoctlKind
{
    /// <summary>A number, or nothing.</summary>
    Value,

    /// <summary>Points at what the driver reads.</summary>
    In,

    /// <summary>Points at what the driver writes.</summary>
    Out,

    /// <summary>Points at what the driver reads and writes.</summary>
    InOut,

    /// <summary>Handled one by one.</summary>
    Special,

    /// <summary>EPERM: reaches into the host or another program.</summary>
    Refused,
}
