namespace Weft.Linux;

/// <summary>Which ways system calls may take: --syscalls.</summary>
public enum SystemCallMode
{
    /// <summary>The stub, the attendant where it pays, exits for the rest.</summary>
    Auto,

    /// <summary>The attendant for every call that may take it, even where it doesn't pay; for measurement.</summary>
    Attendant,

    /// <summary>Exits only.</summary>
    Exit,
}
