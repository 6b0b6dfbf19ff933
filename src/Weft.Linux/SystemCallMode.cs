namespace Weft.Linux;

/// <summary>The ways that system calls may take: --syscalls.</summary>
public enum SystemCallMode
{
    /// <summary>The cheapest that serves; the attendant polls only while that pays.</summary>
    Auto,

    /// <summary>Every call by an exit.</summary>
    Exit,

    /// <summary>Every call that can by the attendant, which is woken at each chance.</summary>
    Attendant,
}
