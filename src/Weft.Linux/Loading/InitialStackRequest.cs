namespace Weft.Linux.Loading;

/// <summary>What <see cref="InitialStack"/> is built from. Strings are bytes in any encoding, without their final NUL.</summary>
public sealed record InitialStackRequest
{
    /// <summary>First address behind the stack: a multiple of 16, as a rule of the page size.</summary>
    public required ulong StackTop { get; init; }

    /// <summary>argv; if empty, the program gets one empty argument, as Linux does since 5.18.</summary>
    public required IReadOnlyList<byte[]> Arguments { get; init; }

    /// <summary>envp.</summary>
    public required IReadOnlyList<byte[]> Environment { get; init; }

    /// <summary>The path that was started, for AT_EXECFN.</summary>
    public required byte[] ExecutedPath { get; init; }

    /// <summary>16 random bytes, for AT_RANDOM.</summary>
    public required byte[] RandomBytes { get; init; }

    /// <summary>The rest of the auxiliary vector.</summary>
    public required AuxiliaryValues Auxiliary { get; init; }

    /// <summary>RLIMIT_STACK in bytes: a quarter of it bounds the strings and their pointers (within 128 KiB and 6 MiB).</summary>
    public ulong StackLimit { get; init; } = 8 << 20;

    /// <summary>Any number; moves the tables down by this modulo 8192 bytes, as Linux does at random. 0 for a repeatable layout.</summary>
    public ulong ShiftRandom { get; init; }
}
