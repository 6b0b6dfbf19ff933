using System.Globalization;
using System.Text;
using Weft.Linux;

namespace Weft.Vm.Trace;

/// <summary>A system call while its line is being written.</summary>
/// <param name="text">Where the line grows.</param>
/// <param name="arguments">The argument registers.</param>
/// <param name="result">What the call returned; null while it runs.</param>
/// <param name="memory">The program's memory.</param>
internal sealed class TracedCall(StringBuilder text, SyscallArguments arguments, SyscallResult? result, ITraceMemory memory)
{
    internal StringBuilder Text => text;

    internal ITraceMemory Memory => memory;

    /// <summary>The call succeeded: what it wrote may be shown.</summary>
    internal bool Succeeded => result is { IsError: false, IsRestart: false };

    /// <summary>The value that it returned.</summary>
    internal long Value => result?.Value ?? 0;

    /// <summary>An argument register.</summary>
    internal ulong this[int index] => index switch
    {
        0 => arguments.A0,
        1 => arguments.A1,
        2 => arguments.A2,
        3 => arguments.A3,
        4 => arguments.A4,
        5 => arguments.A5,
        _ => 0,
    };

    internal void Hex(ulong value) => text.Append("0x").Append(value.ToString("x", CultureInfo.InvariantCulture));

    internal void Pointer(ulong value)
    {
        if (value == 0)
            text.Append("NULL");
        else
            Hex(value);
    }

    /// <summary>Reads a structure's bytes. False after writing the address instead.</summary>
    internal bool TryRead(ulong address, Span<byte> destination)
    {
        if (address != 0 && memory.TryRead(address, destination))
            return true;
        Pointer(address);
        return false;
    }
}
