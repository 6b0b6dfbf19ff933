using Weft.Adapter.Control;

namespace Weft.Adapter.Tests.Guest;

/// <summary>Registered memory.</summary>
internal sealed record GuestRegion(GuestContext Context, GuestBuffer Buffer, RegionKeys Keys)
{
    internal const uint LocalWrite = 1, RemoteWrite = 2, RemoteRead = 4, RemoteAtomic = 8, WindowBind = 16, ZeroBased = 32;
    internal const uint AllAccess = LocalWrite | RemoteWrite | RemoteRead | RemoteAtomic | WindowBind;

    internal ulong Address => Buffer.Address;

    internal Span<byte> Span => Buffer.Span;

    internal uint LocalKey => Keys.LocalKey;

    internal uint RemoteKey => Keys.RemoteKey;

    internal ScatterEntry Entry(int offset, int lengthBytes) => new(Address + (ulong)offset, (uint)lengthBytes, LocalKey);
}
