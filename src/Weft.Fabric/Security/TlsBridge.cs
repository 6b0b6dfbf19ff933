using System.Net.Security;
using System.Net.Sockets;
using Weft.Native;

namespace Weft.Fabric.Security;

/// <summary>
/// Carries bytes between a TLS stream and a socket pair, so that the thread that drives the links sees a plain descriptor.
/// Two loops on the thread pool, a buffer each; the socket pair's own bounds hold back whoever is faster.
/// </summary>
internal sealed class TlsBridge : IDisposable
{
    private const int BufferBytes = 64 << 10;
    private readonly SslStream _outer;
    private readonly NetworkStream _inner;
    private readonly int _descriptor;
    private int _isClosed;

    private TlsBridge(SslStream outer, NetworkStream inner, int descriptor) => (_outer, _inner, _descriptor) = (outer, inner, descriptor);

    /// <summary>Begins; owns the stream from now on.</summary>
    internal static LinkConnection Start(SslStream outer, ushort peer)
    {
        (int driver, int pump) = UnixPair.Create();
        TlsBridge bridge = new(outer, new NetworkStream(new Socket(new SafeSocketHandle(pump, ownsHandle: true)), ownsSocket: true), driver);
        _ = PumpAsync(outer, bridge._inner, bridge);
        _ = PumpAsync(bridge._inner, outer, bridge);
        return new LinkConnection(peer, driver, bridge);
    }

    /// <summary>Ends both loops. The driver's thread only: it is its descriptor that goes.</summary>
    public void Dispose()
    {
        Hang();
        HostStubs.Call(SystemCall.Close, _descriptor);
    }

    private static async Task PumpAsync(Stream from, Stream to, TlsBridge bridge)
    {
        byte[] buffer = new byte[BufferBytes];
        try
        {
            for (int length = -1; length != 0;)
            {
                length = await from.ReadAsync(buffer).ConfigureAwait(false);
                await to.WriteAsync(buffer.AsMemory(0, length)).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The connection is lost; hanging up tells the driver.
        }
        bridge.Hang();
    }

    private void Hang()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        _inner.Dispose();
        _outer.Dispose();
    }
}
