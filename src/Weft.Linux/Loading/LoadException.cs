using Weft.Native;

namespace Weft.Linux.Loading;

/// <summary>A program cannot be started; the message names the cause.</summary>
public sealed class LoadException(Errno errno, string message) : Exception(message)
{
    /// <summary>What execve would have answered.</summary>
    public Errno Errno { get; } = errno;
}
