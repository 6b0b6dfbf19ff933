using Microsoft.Extensions.Logging;
using Weft.Adapter;
using Weft.Native;

namespace Weft.Host.Logging;

/// <summary>What the daemon logs.</summary>
internal static partial class DaemonLog
{
    [LoggerMessage(1, LogLevel.Information, "serving in {Directory}, engine {Engine}")]
    internal static partial void Serving(this ILogger log, string directory, EngineMode engine);

    [LoggerMessage(2, LogLevel.Information, "ending: {Reason}")]
    internal static partial void Ending(this ILogger log, string reason);

    [LoggerMessage(3, LogLevel.Information, "VM {ProcessId} ({Program}, name '{Name}') joined")]
    internal static partial void VmJoined(this ILogger log, int processId, string program, string name);

    [LoggerMessage(4, LogLevel.Information, "VM {ProcessId} ({Program}) left after {Calls} control calls")]
    internal static partial void VmLeft(this ILogger log, int processId, string program, long calls);

    [LoggerMessage(5, LogLevel.Warning, "VM {ProcessId} refused: {Error}")]
    internal static partial void VmRefused(this ILogger log, int processId, Errno error);

    [LoggerMessage(6, LogLevel.Error, "the connection of VM {ProcessId} failed")]
    internal static partial void ConnectionFailed(this ILogger log, Exception exception, int processId);

    [LoggerMessage(7, LogLevel.Warning, "a connection by another user was refused")]
    internal static partial void StrangerRefused(this ILogger log);

    [LoggerMessage(8, LogLevel.Warning, "no connection can be taken: {Error}")]
    internal static partial void AcceptFailed(this ILogger log, Errno error);

    [LoggerMessage(9, LogLevel.Warning, "VM {ProcessId} finds no room: {Reason}")]
    internal static partial void NoRoom(this ILogger log, int processId, string reason);

    [LoggerMessage(20, LogLevel.Warning, "{News}")]
    internal static partial void ClusterNews(this ILogger log, string news);
}
