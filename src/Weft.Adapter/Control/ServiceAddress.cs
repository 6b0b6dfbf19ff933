using System.Runtime.InteropServices;

namespace Weft.Adapter.Control;

/// <summary>Where a program listens or connects from: an IP address and a port.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct ServiceAddress
{
    /// <summary>The IPv6 address, or the IPv4-mapped one of an IPv4 address; all zeroes for any.</summary>
    public GlobalAddress Address;

    /// <summary>The port; 0 for none yet.</summary>
    public ushort Port;

    /// <summary>1: an IPv4 address.</summary>
    public ushort IsVersion4;

    /// <summary>Scope of a link-local IPv6 address.</summary>
    public uint Scope;

    /// <summary>The upper half of IPv4-mapped addresses is 0, the lower half's upper word this.</summary>
    private const ulong MappedPrefix = 0xffffUL << 32;

    /// <summary>Whether it stands for every address of the host.</summary>
    public readonly bool IsAny => Address.Prefix == 0 && (Address.Interface == 0 || IsVersion4 != 0 && Address.Interface == MappedPrefix);

    /// <summary>An IPv4 address, given as a number in host order.</summary>
    public static ServiceAddress Version4(uint address, ushort port) =>
        new() { Address = new(0, MappedPrefix | address), Port = port, IsVersion4 = 1 };
}
