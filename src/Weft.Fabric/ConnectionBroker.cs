using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Weft.Fabric.Security;

namespace Weft.Fabric;

/// <summary>
/// Makes connections away from the thread that drives the links: listens, dials, has peers prove themselves, and hands over
/// what is proved. Bounded: so many strangers at once, so long for each.
/// </summary>
internal sealed class ConnectionBroker : IDisposable
{
    private const int MostStrangers = 32;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    /// <summary>A call that is lost is repeated by TCP after a second, then two: a new one is sooner there when the way is open again.</summary>
    private static readonly TimeSpan s_callPatience = TimeSpan.FromSeconds(1);
    private readonly FabricOptions _options;
    private readonly WakeEvent _wake;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _strangers = new(MostStrangers);
    private readonly ConcurrentQueue<(ushort Peer, LinkConnection? Connection)> _results = new();
    private long _lastComplaint = long.MinValue;

    /// <summary>Listens from now on.</summary>
    /// <exception cref="ArgumentException">The address may not be listened at, or can't be.</exception>
    internal ConnectionBroker(FabricOptions options, WakeEvent wake)
    {
        (_options, _wake) = (options, wake);
        if (options.Security.Refusal(options.Listen.Address) is { } refusal)
            throw new ArgumentException(refusal);
        _listener = new Socket(options.Listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            _listener.Bind(options.Listen);
            _listener.Listen(MostStrangers);
        }
        catch (SocketException)
        {
            _listener.Dispose();
            throw new ArgumentException($"Can't listen at {options.Listen}: it is in use, or no address of this host.");
        }
        Address = (IPEndPoint)_listener.LocalEndPoint!;
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    internal IPEndPoint Address { get; }

    /// <summary>Dials; the result comes by <see cref="TryTake"/> whatever happens.</summary>
    internal void Dial(FabricPeer peer) => _ = DialAsync(peer);

    /// <summary>A connection that is proved, or null when dialling that peer failed. The caller owns it.</summary>
    internal bool TryTake(out ushort peer, out LinkConnection? connection)
    {
        bool any = _results.TryDequeue(out var result);
        (peer, connection) = result;
        return any;
    }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
        while (TryTake(out _, out LinkConnection? connection))
            connection?.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await _strangers.WaitAsync(_end.Token).ConfigureAwait(false);
                Socket socket = await _listener.AcceptAsync(_end.Token).ConfigureAwait(false);
                _ = WelcomeAsync(socket);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // Out of descriptors, or the stranger was gone already: what is there later is accepted later.
                _strangers.Release();
                await Task.Delay(50).ConfigureAwait(false);
            }
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        try
        {
            IPAddress from = ((IPEndPoint)socket.RemoteEndPoint!).Address;
            if (_options.Security.Refusal(from) is not null)
                throw new LinkRefusedException($"{from} is outside loopback and the declared test networks");
            LinkConnection? connection = await ProveAsync(socket, cancel => _options.Security.AcceptAsync(socket, _options.Number, cancel)).ConfigureAwait(false);
            if (connection is not null)
                Hand(connection.Peer, connection);
        }
        catch (Exception e) when (e is LinkRefusedException or SocketException or ObjectDisposedException)
        {
            socket.Dispose();
            Complain(e as LinkRefusedException);
        }
        finally
        {
            _strangers.Release();
        }
    }

    private async Task DialAsync(FabricPeer peer)
    {
        LinkConnection? connection = null;
        if (_options.Security.Refusal(peer.Address.Address) is { } refusal)
        {
            Complain(new LinkRefusedException(refusal));
            // Its address will not change for the better soon.
            await Task.Delay(s_patience).ConfigureAwait(false);
        }
        else
        {
            Socket socket = new(peer.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            connection = await ProveAsync(socket, async cancel =>
            {
                // Not ConnectAsync, which would leave the socket in the runtime's epoll set.
                using CancellationTokenSource call = new(s_callPatience);
                using (call.Token.Register(socket.Dispose))
                    await Task.Factory.StartNew(() => socket.Connect(peer.Address), cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
                return await _options.Security.ConnectAsync(socket, new Introduction(_options.Number, peer.Number), cancel).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        Hand(peer.Number, connection);
    }

    private async Task<LinkConnection?> ProveAsync(Socket socket, Func<CancellationToken, Task<LinkConnection>> prove)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(s_patience);
        try
        {
            socket.NoDelay = true;
            PreferCubic(socket);
            LinkConnection connection;
            using (patience.Token.Register(socket.Dispose))
                connection = await prove(patience.Token).ConfigureAwait(false);
            if (!patience.IsCancellationRequested)
                return connection;
            connection.Dispose();
            return null;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or ObjectDisposedException or LinkRefusedException)
        {
            socket.Dispose();
            Complain(e as LinkRefusedException);
            return null;
        }
    }

    /// <summary>
    /// Links are to stay on a local network: a congestion control that paces (bbr, say) arms a timer for every few packets there, which in a VM
    /// costs more than the packets. Where this one is missing or forbidden, the system's stays.
    /// </summary>
    private static void PreferCubic(Socket socket)
    {
        // Source: tcp(7), TCP_CONGESTION.
        const int tcp = 6, congestion = 13;
        try
        {
            socket.SetRawSocketOption(tcp, congestion, "cubic"u8);
        }
        catch (SocketException)
        {
            // It is a preference.
        }
    }

    private void Hand(ushort peer, LinkConnection? connection)
    {
        if (_end.IsCancellationRequested)
        {
            connection?.Dispose();
            return;
        }
        _results.Enqueue((peer, connection));
        _wake.Set();
    }

    /// <summary>At most a line a second, however many strangers come.</summary>
    private void Complain(LinkRefusedException? refused)
    {
        long now = Environment.TickCount64;
        if (refused is null || now - Interlocked.Read(ref _lastComplaint) is >= 0 and < 1000)
            return;
        Interlocked.Exchange(ref _lastComplaint, now);
        _options.Log?.Invoke($"Link refused: {refused.Message}.");
    }
}
