using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Weft.Host.Logging;

/// <summary>Logs a JSON object a line: time, level, category, event, message, the message's values, exception.</summary>
/// <remarks>Thread-safe: a line is written whole. Owns the stream.</remarks>
internal sealed class JsonLinesLogger(Stream output, LogLevel least, TimeProvider clock) : ILoggerProvider
{
    private readonly Lock _lock = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    /// <inheritdoc/>
    public void Dispose() => output.Dispose();

    private void Write(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            output.Write(line);
            output.Flush();
        }
    }

    private sealed class Category(JsonLinesLogger owner, string name) : ILogger
    {
        private const string Template = "{OriginalFormat}";

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= owner.Least && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            ArrayBufferWriter<byte> buffer = new();
            using (Utf8JsonWriter json = new(buffer))
            {
                json.WriteStartObject();
                json.WriteString("time", owner.Clock.GetUtcNow());
                json.WriteString("level", logLevel.ToString());
                json.WriteString("category", name);
                json.WriteNumber("event", eventId.Id);
                json.WriteString("message", formatter(state, exception));
                if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
                    foreach ((string key, object? value) in values)
                        if (key != Template)
                            json.WriteString(key, Convert.ToString(value, CultureInfo.InvariantCulture));
                if (exception is not null)
                    json.WriteString("exception", exception.ToString());
                json.WriteEndObject();
            }
            buffer.Write("\n"u8);
            owner.Write(buffer.WrittenSpan);
        }
    }

    private LogLevel Least => least;

    private TimeProvider Clock => clock;
}
