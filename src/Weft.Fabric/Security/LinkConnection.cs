namespace Weft.Fabric.Security;

/// <summary>A connection whose peer has proved itself. Owns the descriptor.</summary>
/// <param name="peer">The peer's number.</param>
/// <param name="descriptor">A stream socket that does not block.</param>
/// <param name="owner">Closes it.</param>
internal sealed class LinkConnection(ushort peer, int descriptor, IDisposable owner) : IDisposable
{
    internal ushort Peer => peer;

    internal int Descriptor => descriptor;

    public void Dispose() => owner.Dispose();
}
