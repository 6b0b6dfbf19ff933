using Weft.Native;

namespace Weft.Kvm;

/// <summary>KVM refused a set-up call. The message names the call, the cause and the remedy.</summary>
public sealed class KvmException : Exception
{
    /// <summary>The host's error.</summary>
    public Errno Errno { get; }

    /// <summary>An error with its remedy.</summary>
    public KvmException(string what, Errno errno, string remedy)
        : base($"{what}: {errno}; {remedy}") => Errno = errno;
}
