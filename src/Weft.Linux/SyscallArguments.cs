namespace Weft.Linux;

/// <summary>The six argument registers: RDI, RSI, RDX, R10, R8, R9. Source: x86-64 psABI, A.2.1.</summary>
public readonly record struct SyscallArguments(ulong A0, ulong A1, ulong A2, ulong A3, ulong A4, ulong A5);
