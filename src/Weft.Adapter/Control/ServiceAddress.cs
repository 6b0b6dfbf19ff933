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

    /// <summary>127.0.0.0/8 or ::1.</summary>
    public readonly bool IsLoopback => Address.Prefix == 0 && (IsVersion4 != 0 ? (Address.Interface >> 24 & 0xff) == 127 : Address.Interface == 1);

    /// <summary>
    /// Whether who listens there hears calls to every address, and is tied to no device: as Linux has it, also at a loopback
    /// address. Source: drivers/infiniband/core/cma.c, cma_any_addr.
    /// </summary>
    public readonly bool IsEverywhere => IsAny || IsLoopback;

    /// <summary>An IPv4 address, given as a number in host order.</summary>
    public static ServiceAddress Version4(uint address, ushort port) =>
        new() { Address = new(0, MappedPrefix | address), Port = port, IsVersion4 = 1 };
}
