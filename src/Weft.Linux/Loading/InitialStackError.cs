namespace Weft.Linux.Loading;

/// <summary>Why a program cannot be started with the strings given.</summary>
public enum InitialStackError
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>A string, or all of them with their pointers, are too long: E2BIG.</summary>
    TooLong,

    /// <summary>A string holds a NUL byte, which no C string can: EINVAL.</summary>
    EmbeddedNul,
}
