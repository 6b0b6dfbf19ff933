using System.Net;
using System.Net.Sockets;

namespace Weft.Fabric.Tests;

/// <summary>A relay whose connections can be cut at whatever byte they are.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _clients = [];

    internal IPEndPoint To(IPEndPoint target)
    {
        _listener.Start();
        _ = AcceptAsync(target);
        return (IPEndPoint)_listener.LocalEndpoint;
    }

    internal void Cut()
    {
        lock (_clients)
        {
            _clients.ForEach(client => client.Close());
            _clients.Clear();
        }
    }

    public void Dispose()
    {
        _listener.Stop();
        Cut();
    }

    private async Task AcceptAsync(IPEndPoint target)
    {
        try
        {
            while (true)
            {
                TcpClient near = await _listener.AcceptTcpClientAsync();
                TcpClient far = new();
                await far.ConnectAsync(target);
                lock (_clients)
                    _clients.AddRange([near, far]);
                _ = near.GetStream().CopyToAsync(far.GetStream());
                _ = far.GetStream().CopyToAsync(near.GetStream());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The test ended.
        }
    }
}
