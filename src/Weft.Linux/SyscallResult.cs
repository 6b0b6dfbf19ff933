using Weft.Native;

namespace Weft.Linux;

/// <summary>What a system call gives the program in RAX: a value, or -errno.</summary>
public readonly record struct SyscallResult(long Value)
{
    private const long RestartCode = -512;

    /// <summary>Interrupted by a signal before anything was done: done again after a handler with SA_RESTART, else EINTR.</summary>
    public static SyscallResult Restart => new(RestartCode);

    /// <summary>The registers were already set by the handler (sigreturn, exec): RAX must be left alone.</summary>
    public static SyscallResult RegistersSet => new(long.MinValue);

    /// <summary>From a handler on the attendant's thread: this call has to leave by an exit.</summary>
    public static SyscallResult Declined => new(long.MinValue + 1);

    /// <summary>Success with value 0.</summary>
    public static SyscallResult Success => default;

    /// <summary>True for -errno.</summary>
    public bool IsError => Value is < 0 and >= -4095;

    /// <summary>True for <see cref="Restart"/>.</summary>
    public bool IsRestart => Value == RestartCode;

    /// <summary>The error, or <see cref="Errno.None"/>.</summary>
    public Errno Error => IsError ? (Errno)(-Value) : Errno.None;

    /// <summary><see cref="Restart"/> becomes EINTR: for calls that SA_RESTART never restarts (signal(7)).</summary>
    public SyscallResult WithoutRestart() => IsRestart ? Errno.EINTR : this;

    /// <summary>A value, or a raw -errno of the host.</summary>
    public static implicit operator SyscallResult(long value) => new(value);

    /// <summary>An error.</summary>
    public static implicit operator SyscallResult(Errno error) => new(-(long)error);
}
