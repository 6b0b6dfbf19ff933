using Weft.Native;

namespace Weft.Linux;

/// <summary>
/// Marks the handler of a system call: a static method whose first parameter is the calling
/// <see cref="GuestThread"/> and whose others are its arguments (int, uint, long, ulong or
/// <see cref="Weft.Machine.GuestVirtualAddress"/>), marshalled by the generated table.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class SystemCallAttribute(SystemCall number, SupportState support) : Attribute
{
    /// <summary>The call.</summary>
    public SystemCall Number { get; } = number;

    /// <summary>How much of it works.</summary>
    public SupportState Support { get; } = support;

    /// <summary>The ways besides an exit.</summary>
    public CallWays Ways { get; init; }

    /// <summary>What is missing or why it is refused, for docs/syscalls.md.</summary>
    public string? Missing { get; init; }
}
