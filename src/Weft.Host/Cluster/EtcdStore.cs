using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Weft.Host.Cluster;

/// <summary>etcd by its JSON gateway. Of several end points the one that answered last is asked first.</summary>
/// <remarks>Source: etcd 3.4, dev-guide/api_grpc_gateway.md; numbers of 64 bits are strings, keys and values base64.</remarks>
internal sealed class EtcdStore : IClusterStore
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2), s_longestWatch = TimeSpan.FromSeconds(30);
    private readonly Uri[] _endPoints;
    private readonly HttpClient _client = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1), UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private int _current;

    /// <param name="endPoints">http://HOST:PORT each.</param>
    internal EtcdStore(Uri[] endPoints) => _endPoints = endPoints;

    /// <summary>Reads etcd://HOST:PORT[,HOST:PORT…].</summary>
    /// <exception cref="IOException">It is none; one line for the user.</exception>
    internal static EtcdStore Parse(string address)
    {
        const string scheme = "etcd://";
        List<Uri> endPoints = [];
        if (address.StartsWith(scheme, StringComparison.Ordinal))
        {
            foreach (string place in address[scheme.Length..].Split(','))
            {
                if (!Uri.TryCreate("http://" + place, UriKind.Absolute, out Uri? uri) || uri.AbsolutePath != "/" || !place.Contains(':', StringComparison.Ordinal))
                    break;
                endPoints.Add(uri);
            }
        }
        if (endPoints.Count == 0 || endPoints.Count != address.Count(character => character == ',') + 1)
            throw new IOException($"--cluster: '{address}' names no etcd; give etcd://HOST:PORT[,HOST:PORT...]");
        return new EtcdStore([.. endPoints]);
    }

    /// <inheritdoc/>
    public async Task<long> OpenLeaseAsync(TimeSpan timeToLive, CancellationToken cancel)
    {
        using JsonDocument answer = await AskAsync("v3/lease/grant", writer => writer.WriteString("TTL", Number((long)Math.Ceiling(timeToLive.TotalSeconds))), cancel).ConfigureAwait(false);
        return NumberOf(answer.RootElement, "ID");
    }

    /// <inheritdoc/>
    public async Task<bool> KeepAliveAsync(long lease, CancellationToken cancel)
    {
        using JsonDocument answer = await AskAsync("v3/lease/keepalive", writer => writer.WriteString("ID", Number(lease)), cancel).ConfigureAwait(false);
        return answer.RootElement.TryGetProperty("result", out JsonElement result) && NumberOf(result, "TTL") > 0;
    }

    /// <inheritdoc/>
    public async Task CloseLeaseAsync(long lease, CancellationToken cancel)
    {
        using JsonDocument answer = await AskAsync("v3/lease/revoke", writer => writer.WriteString("ID", Number(lease)), cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<bool> TryCreateAsync(string key, string value, long lease, CancellationToken cancel)
    {
        using JsonDocument answer = await AskAsync("v3/kv/txn", writer =>
        {
            writer.WriteStartArray("compare");
            writer.WriteStartObject();
            writer.WriteString("target", "CREATE");
            writer.WriteString("result", "EQUAL");
            WriteBytes(writer, "key", key);
            writer.WriteString("create_revision", "0");
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteStartArray("success");
            writer.WriteStartObject();
            writer.WriteStartObject("request_put");
            WriteBytes(writer, "key", key);
            WriteBytes(writer, "value", value);
            writer.WriteString("lease", Number(lease));
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndArray();
        }, cancel).ConfigureAwait(false);
        return answer.RootElement.TryGetProperty("succeeded", out JsonElement succeeded) && succeeded.GetBoolean();
    }

    /// <inheritdoc/>
    public async Task<(IReadOnlyList<KeyValuePair<string, string>> Entries, long Revision)> ListAsync(string prefix, CancellationToken cancel)
    {
        using JsonDocument answer = await AskAsync("v3/kv/range", writer => WriteRange(writer, prefix), cancel).ConfigureAwait(false);
        List<KeyValuePair<string, string>> entries = [];
        if (answer.RootElement.TryGetProperty("kvs", out JsonElement list))
        {
            foreach (JsonElement entry in list.EnumerateArray())
                entries.Add(new(TextOf(entry, "key"), TextOf(entry, "value")));
        }
        return (entries, NumberOf(answer.RootElement.GetProperty("header"), "revision"));
    }

    /// <inheritdoc/>
    public async Task WaitForChangeAsync(string prefix, long revision, CancellationToken cancel)
    {
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        end.CancelAfter(s_longestWatch);
        try
        {
            using HttpResponseMessage response = await PostAsync("v3/watch", writer =>
            {
                writer.WriteStartObject("create_request");
                WriteRange(writer, prefix);
                writer.WriteString("start_revision", Number(revision + 1));
                writer.WriteEndObject();
            }, HttpCompletionOption.ResponseHeadersRead, end.Token).ConfigureAwait(false);
            using StreamReader reader = new(await response.Content.ReadAsStreamAsync(end.Token).ConfigureAwait(false));
            // A line says that the watch was made; every other one is a change, or why the watch ended.
            for (string? line = ""; line is not null; line = await reader.ReadLineAsync(end.Token).ConfigureAwait(false))
            {
                if (line.Length != 0 && !line.Contains("\"created\":true", StringComparison.Ordinal))
                    return;
            }
            throw new IOException("etcd ended a watch.");
        }
        catch (HttpRequestException exception)
        {
            throw new IOException("etcd does not answer.", exception);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // Long enough: whoever waits lists anew.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<JsonDocument> AskAsync(string path, Action<Utf8JsonWriter> write, CancellationToken cancel)
    {
        Exception? last = null;
        for (int attempt = 0; attempt < _endPoints.Length; attempt++)
        {
            using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(s_patience);
            try
            {
                using HttpResponseMessage response = await PostAsync(path, write, HttpCompletionOption.ResponseContentRead, patience.Token).ConfigureAwait(false);
                return JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(patience.Token).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is HttpRequestException or JsonException || exception is OperationCanceledException && !cancel.IsCancellationRequested)
            {
                last = exception;
                Interlocked.Increment(ref _current);
            }
        }
        throw new IOException("etcd does not answer.", last);
    }

    private async Task<HttpResponseMessage> PostAsync(string path, Action<Utf8JsonWriter> write, HttpCompletionOption completion, CancellationToken cancel)
    {
        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter writer = new(body))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        Uri endPoint = _endPoints[(uint)Volatile.Read(ref _current) % (uint)_endPoints.Length];
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri(endPoint, path)) { Content = new ByteArrayContent(body.WrittenSpan.ToArray()) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        HttpResponseMessage response = await _client.SendAsync(request, completion, cancel).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return response;
        response.Dispose();
        throw new HttpRequestException($"etcd answers {(int)response.StatusCode} to {path}.");
    }

    private static void WriteRange(Utf8JsonWriter writer, string prefix)
    {
        WriteBytes(writer, "key", prefix);
        // The range of a prefix ends before the prefix with its last byte one higher.
        WriteBytes(writer, "range_end", prefix[..^1] + (char)(prefix[^1] + 1));
    }

    private static void WriteBytes(Utf8JsonWriter writer, string name, string value) => writer.WriteBase64String(name, Encoding.UTF8.GetBytes(value));

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static long NumberOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && long.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static string TextOf(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) ? Encoding.UTF8.GetString(value.GetBytesFromBase64()) : "";
}
