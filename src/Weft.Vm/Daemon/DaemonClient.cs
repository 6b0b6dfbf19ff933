using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Serialization.Metadata;

namespace Weft.Vm.Daemon;

/// <summary>Asks the daemon over its HTTP interface.</summary>
public sealed class DaemonClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly HttpClient _http;

    private DaemonClient(string path) =>
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, stop) => ConnectAsync(path, stop), UseProxy = false })
        {
            BaseAddress = new Uri("http://weftd/"),
            Timeout = Patience,
        };

    /// <summary>A client of this user's daemon, be it there or not.</summary>
    /// <exception cref="IOException">The directory of the socket is not safe.</exception>
    public static DaemonClient Open() => new(Path.Combine(RuntimeDirectory.Open(), DaemonFiles.Api));

    /// <summary>What a path tells, or null when no daemon runs.</summary>
    /// <exception cref="IOException">The daemon gives no proper answer.</exception>
    public T? TryGet<T>(string path, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return _http.GetFromJsonAsync(path, type).GetAwaiter().GetResult();
        }
        catch (HttpRequestException exception) when (IsAbsence(exception))
        {
            return null;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or System.Text.Json.JsonException)
        {
            throw new IOException($"weftd gives no proper answer ({exception.Message.TrimEnd('.')}); is it of another version? 'weft daemon --stop' ends it", exception);
        }
    }

    /// <summary>Asks the daemon to end. False when none runs.</summary>
    /// <param name="inAnyCase">Even though VMs use it.</param>
    /// <exception cref="IOException">It does not want to; the line says why.</exception>
    public bool TryStop(bool inAnyCase)
    {
        try
        {
            using HttpResponseMessage answer = _http.PostAsync(inAnyCase ? "stop?force=true" : "stop", null).GetAwaiter().GetResult();
            if (answer.StatusCode == HttpStatusCode.Conflict)
                throw new IOException(answer.Content.ReadFromJsonAsync(DaemonJson.Default.ErrorReport).GetAwaiter().GetResult()?.Error ?? "weftd is in use");
            return answer.IsSuccessStatusCode ? true : throw new IOException($"weftd refuses to end (status {(int)answer.StatusCode})");
        }
        catch (HttpRequestException exception) when (IsAbsence(exception))
        {
            return false;
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => _http.Dispose();

    private static bool IsAbsence(HttpRequestException exception) =>
        exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.AddressNotAvailable } or FileNotFoundException
        || exception.InnerException is SocketException { NativeErrorCode: 2 };

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken stop)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
            return new NetworkStream(socket, true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
