using Weft.Fabric.Links;

namespace Weft.Adapter.Tests.Protocols;

/// <summary>Stands between a link and an engine, and changes some of the messages, or sends others in their place.</summary>
internal sealed class LyingPeer(Random random, ILinkSink engine) : ILinkSink
{
    private const int HeaderBytes = 64, MostBytes = 2000, OneIn = 12;
    private static readonly byte[] s_temptations = [0, 1, 2, 0x7f, 0x80, 0xff];

    /// <inheritdoc/>
    public bool Deliver(LinkCore link, uint stream, ReadOnlySpan<byte> message)
    {
        if (random.Next(OneIn) != 0)
            return engine.Deliver(link, stream, message);
        byte[] lie = message[..random.Next(random.Next(4) == 0 ? 0 : message.Length, message.Length + 1)].ToArray();
        if (random.Next(6) == 0)
            random.NextBytes(lie = new byte[random.Next(MostBytes)]);
        for (int changes = random.Next(1, 6); changes > 0 && lie.Length > 0; changes--)
            lie[random.Next(Math.Min(lie.Length, HeaderBytes))] = random.Next(2) == 0 ? (byte)random.Next(256) : s_temptations[random.Next(s_temptations.Length)];
        return engine.Deliver(link, stream, lie);
    }

    /// <inheritdoc/>
    public void Broken(LinkCore link) => engine.Broken(link);
}
