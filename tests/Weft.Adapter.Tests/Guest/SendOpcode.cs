namespace Weft.Adapter.Tests.Guest;

/// <summary>Opcodes of the mlx4 provider's send slots.</summary>
public enum SendOpcode : byte
{
    SendInvalidate = 0x01,
    Write = 0x08,
    WriteImmediate = 0x09,
    Send = 0x0a,
    SendImmediate = 0x0b,
    Read = 0x10,
    CompareSwap = 0x11,
    FetchAdd = 0x12,
    Bind = 0x18,
    LocalInvalidate = 0x1b,
}
