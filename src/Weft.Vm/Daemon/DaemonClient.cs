using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Weft.Adapter.Wire;

namespace Weft.Vm.Daemon;

/// <summary>Asks the daemon over its HTTP interface, a connection a request.</summary>
/// <remarks>
/// HTTP/1.0 by hand: the answer ends where the connection does. .NET's own client brings TLS, certificates and QUIC along, half of
/// the binary again, whose pages every `weft run` would pay for when it starts.
/// </remarks>
public sealed class DaemonClient
{
    private const int Ok = 200, Conflict = 409, MostAnswerBytes = 64 << 20, PatienceSeconds = 10;
    private readonly string _path;

    private DaemonClient(string path) => _path = path;

    /// <summary>A client of this user's daemon, be it there or not.</summary>
    /// <exception cref="IOException">The directory of the socket is not safe.</exception>
    public static DaemonClient Open() => new(Path.Combine(RuntimeDirectory.Open(), DaemonFiles.Api));

    /// <summary>What a path tells, or null when no daemon runs.</summary>
    /// <exception cref="IOException">The daemon gives no proper answer.</exception>
    public T? TryGet<T>(string path, JsonTypeInfo<T> type) where T : class
    {
        if (Ask("GET", path) is not { } answer)
            return null;
        return answer.Status == Ok ? Parse(answer.Body, type) : throw NoProperAnswer($"status {answer.Status}");
    }

    /// <summary>Asks the daemon to end. False when none runs.</summary>
    /// <param name="inAnyCase">Even though VMs use it.</param>
    /// <exception cref="IOException">It does not want to; the line says why.</exception>
    public bool TryStop(bool inAnyCase)
    {
        if (Ask("POST", inAnyCase ? "stop?force=true" : "stop") is not { } answer)
            return false;
        if (answer.Status == Conflict)
            throw new IOException(Parse(answer.Body, DaemonJson.Default.ErrorReport).Error);
        return answer.Status / 100 == 2 ? true : throw new IOException($"weftd refuses to end (status {answer.Status})");
    }

    /// <summary>Sends a request and reads its whole answer. Null when nobody listens.</summary>
    private (int Status, byte[] Body)? Ask(string method, string path)
    {
        long socket = UnixSocket.Connect(_path);
        if (socket < 0)
            return UnixSocket.IsAbsence(socket) ? null : throw NoProperAnswer(Linux.ErrorText.Of((Native.Errno)(-socket)));
        try
        {
            using var stream = UnixSocket.OpenStream((int)socket, PatienceSeconds);
            stream.Write(Encoding.ASCII.GetBytes($"{method} /{path} HTTP/1.0\r\nHost: weftd\r\nContent-Length: 0\r\n\r\n"));
            return Split(ReadToEnd(stream));
        }
        catch (IOException exception)
        {
            throw NoProperAnswer(exception.Message);
        }
    }

    private static byte[] ReadToEnd(Stream stream)
    {
        using MemoryStream all = new();
        Span<byte> piece = stackalloc byte[4096];
        for (int length = stream.Read(piece); length > 0; length = stream.Read(piece))
        {
            all.Write(piece[..length]);
            if (all.Length > MostAnswerBytes)
                throw new IOException("too long an answer");
        }
        return all.ToArray();
    }

    /// <summary>Status and body of an answer: "HTTP/1.1 200 OK", header lines, an empty line, the body.</summary>
    private static (int Status, byte[] Body) Split(byte[] answer)
    {
        int end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        return end > 0 && answer.AsSpan().StartsWith("HTTP/1."u8) && answer.Length > 12
            && int.TryParse(answer.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            ? (status, answer[(end + 4)..])
            : throw new IOException("not HTTP");
    }

    private static T Parse<T>(byte[] body, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw NoProperAnswer("nothing");
        }
        catch (JsonException exception)
        {
            throw NoProperAnswer(exception.Message);
        }
    }

    private static IOException NoProperAnswer(string why) =>
        new($"weftd gives no proper answer ({why.TrimEnd('.')}); is it of another version? 'weft daemon --stop' ends it");
}
