namespace Weft.Linux;

/// <summary>How much of a system call works.</summary>
public enum SupportState
{
    /// <summary>As on Linux.</summary>
    Full,

    /// <summary>Except for what the entry names.</summary>
    Partly,

    /// <summary>Always an error, for the reason that the entry names.</summary>
    Refused,
}
